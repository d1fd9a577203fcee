import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';

import { chapter, stopwatch, tellLastWords, took } from '../support/chapter.js';
import { changes, fingerprints } from '../support/fingerprint.js';
import { addressOf, eventually, nodes, whole } from '../support/kube.js';
import { createHosts, destroyHosts, powerOn, pullThePlug, reboot, type RigHost, ssh } from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';

const octets = { c1: 61, c2: 62, c3: 63 };
const names = Object.keys(octets);
const server = '/var/lib/rancher/k3s/server';
const log = `${server}/db/etcd/member/wal/0000000000000000-0000000000000000.wal`;

/** How far k3s has come, by what it has just made. Its kubeconfig comes before its etcd holds anything. */
const stages = {
  'makes its certificates': `[ -e ${server}/tls/server-ca.crt ]`,
  'makes etcd': `[ -e ${log} ]`,
  'has written its kubeconfig': '[ -e /etc/rancher/k3s/k3s.yaml ]',
  'begins to serve': `grep -raqsF /registry/ ${server}/db/etcd/member`,
} as const;
type Stage = keyof typeof stages;
/** Whether a first server that is stopped has etcd's log, and in it nothing that k3s can be started from. */
const isHollow = async (name: string): Promise<boolean> =>
  (await ssh(name, `[ -e ${log} ] && ! grep -raqF /bootstrap/ ${server}/db && echo yes || true`)) !== '';

/** Stops k3s on a host in the very moment it has made something, and keeps it there. */
async function arm(name: string, stage: Stage): Promise<void> {
  await ssh(
    name,
    `systemd-run --quiet --unit=stop-there sh -c '
       until ${stages[stage]}; do sleep 0.005; done
       kill -STOP $(systemctl show --property=MainPID --value k3s)
       touch /run/stopped-there'`,
  );
}
const stopped = (name: string): Promise<unknown> =>
  eventually(`k3s of ${name} has come so far`, 300, async () =>
    (await ssh(name, 'test -e /run/stopped-there && echo yes || true')).includes('yes'),
  );

const endings: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  'loses power': async (name) => {
    await pullThePlug(name);
    await powerOn(name);
  },
  'is rebooted': (name) => reboot(name),
  'is short of memory': (name) => ssh(name, 'kill -KILL $(systemctl show --property=MainPID --value k3s)'),
};

/** The first server, or one that joins, is stopped in the middle of it: the same run or the next one finishes. */
describe('a server that is stopped while it starts', () => {
  const step = chapter();
  const slipway = new Slipway();
  let hosts: Map<string, RigHost>;
  let before: Map<string, readonly string[]>;

  beforeAll(async () => {
    hosts = await createHosts(octets);
    before = await fingerprints(hosts.keys());
  });
  afterEach(tellLastWords(() => hosts.keys()));
  afterAll(async () => {
    await destroyHosts(...names);
    slipway.close();
  });

  const write = (count: 1 | 3): void =>
    slipway.write(
      ringFile(
        'cut',
        names.map((name) => listed(hosts.get(name)!, { type: name })),
        { controlPlane: { count, type: names } },
      ),
    );
  const create = ['cluster', 'create', '-f', slipway.file, '--yes'];
  const remove = async (): Promise<void> => {
    const { ms } = await slipway.done(['cluster', 'delete', 'cut', '--yes', '--confirm', 'cut']);
    took('delete after it', ms);
    for (const name of names)
      await ssh(name, 'rm -f /run/stopped-there; systemctl reset-failed stop-there 2>/dev/null; true');
    const after = await fingerprints(names);
    for (const [name, was] of before) expect(changes(was, after.get(name)!), name).toEqual([]);
  };

  for (const [stage, ending] of [
    ['makes its certificates', 'loses power'],
    ['makes etcd', 'loses power'],
    ['makes etcd', 'is rebooted'],
    ['makes etcd', 'is short of memory'],
    ['has written its kubeconfig', 'loses power'],
    ['begins to serve', 'loses power'],
  ] as const) {
    step(`the first one ${ending} while it ${stage}, and the cluster is made all the same`, 8, async () => {
      write(1);
      await arm('c1', stage);
      const watch = stopwatch();
      const running = slipway.run(create, { minutes: 7 });
      await stopped('c1');
      const hollow = await isHollow('c1');
      await endings[ending]!('c1');
      const { code, err } = await running;
      took(`first server ${ending} while it ${stage}: until create ends, with ${code}`, watch());
      expect([0, 4], err.slice(-3000)).toContain(code);
      await slipway.done(create);
      await whole(await slipway.api('cut'), { nodes: 1, voters: 1 });
      const aside = await ssh('c1', `ls ${server}/never-began 2>/dev/null || true`);
      expect(aside !== '', 'put aside').toBe(hollow);
      await slipway.done(['cluster', 'plan', 'cut', '-f', slipway.file, '--detailed-exitcode']);
      await remove();
    });
  }

  step('a create that is killed in front of it leaves nothing that delete has to wait for', 4, async () => {
    write(1);
    await arm('c1', 'makes etcd');
    let toldToStart = false;
    const killed = slipway.run(create, {
      killWhen: ({ type, id }) => {
        toldToStart ||= type === 'step-started' && (id ?? '').startsWith('init:');
        return false;
      },
    });
    await stopped('c1');
    expect(toldToStart).toBe(true);
    slipway.kill();
    expect((await killed).code).toBe(137);
    const watch = stopwatch();
    await remove();
    took('delete of a cluster whose killed create still waits on the host', watch());
  });

  step('a server whose disk is nearly full is told by status, plan and create', 5, async () => {
    write(1);
    await slipway.done(create);
    await ssh('c1', "fallocate -l $(($(df -Pm /var | awk 'NR == 2 { print $4 }') - 3))M /var/filler");
    const told = /is short of disk space.*\/var\/lib\/rancher/;
    await eventually('status tells of the disk', 120, async () =>
      told.test((await slipway.run(['cluster', 'status', 'cut'])).out),
    );
    expect((await slipway.done(['cluster', 'plan', 'cut', '-f', slipway.file])).err).toMatch(told);
    expect((await slipway.done(create)).err).toMatch(told);
    await ssh('c1', 'rm /var/filler');
    await remove();
  });

  for (const [stage, ending] of [
    ['makes etcd', 'loses power'],
    ['makes its certificates', 'is rebooted'],
    ['begins to serve', 'is rebooted'],
  ] as const) {
    step(`one that joins ${ending} while it ${stage}, and votes in the end`, 14, async () => {
      write(3);
      await arm('c2', stage);
      const watch = stopwatch();
      const running = slipway.run(create, { minutes: 12 });
      await stopped('c2');
      await endings[ending]!('c2');
      const { code, err } = await running;
      took(`joining server ${ending} while it ${stage}: until create ends, with ${code}`, watch());
      expect([0, 4], err.slice(-3000)).toContain(code);
      await slipway.done(create, { minutes: 12 });
      const api = await slipway.api('cut');
      await whole(api, { nodes: 3 });
      expect((await nodes(api)).map(addressOf).sort()).toEqual(names.map((name) => hosts.get(name)!.address));
      await remove();
    });
  }
});
