import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';

import { chapter, tellLastWords } from '../support/chapter.js';
import { changes, fingerprint, fingerprints } from '../support/fingerprint.js';
import { addressOf, eventually, isReady, type Node, nodes } from '../support/kube.js';
import {
  createHosts,
  described,
  destroyHosts,
  powerOn,
  pullThePlug,
  recreate,
  type RigHost,
  ssh,
} from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';

const octets = { b1: 41, b2: 42, b3: 43, b4: 44 };

/** Things go wrong in the middle: the others go on, the error says what to do, and the same command finishes. */
describe('bad luck in the middle', () => {
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
    await destroyHosts(...Object.keys(octets));
    slipway.close();
  });

  const write = (workers: number): void =>
    slipway.write(
      ringFile(
        'luck',
        [...hosts.values()].map((host) => listed(host, { type: host.name === 'b1' ? 'server' : 'agent' })),
        {
          controlPlane: { count: 1, type: 'server' },
          pools: [{ name: 'workers', type: 'agent', count: workers }],
        },
      ),
    );
  const create = ['cluster', 'create', '-f', slipway.file, '--yes'];
  const apply = ['cluster', 'apply', 'luck', '-f', slipway.file, '--yes'];
  const ready = async (...names: readonly string[]): Promise<readonly Node[]> => {
    const server = await slipway.api('luck');
    return eventually(`${names.join(', ')} Ready`, 120, async () => {
      const all = await nodes(server);
      const those = all.filter(isReady).map(addressOf);
      return names.every((name) => those.includes(hosts.get(name)!.address)) && all;
    });
  };

  step('a disk that fills up in the middle of an upload stops that host alone', 6, async () => {
    write(2);
    // As soon as the first piece of k3s has arrived, somebody else takes the rest of the disk.
    await ssh(
      'b2',
      `systemd-run --quiet --unit=filler sh -c '
         until ls /var/lib/slipway/incoming/*.slipway-part; do sleep 0.02; done
         exec dd if=/dev/zero of=/var/filler bs=1M'`,
    );
    const { code, err } = await slipway.run([...create, '--progress', 'plain']);
    expect(code, err.slice(-3000)).toBe(4);
    expect(err).toMatch(/has \d+ MiB free below \S+ where \d+ MiB are needed|no space left on the disk/);
    expect(err).toMatch(/Make room on/);
    await ready('b1', 'b3');
    await ssh('b2', 'systemctl reset-failed filler 2>/dev/null; rm /var/filler');
    await slipway.done(create);
    await ready('b1', 'b2', 'b3');
  });

  step(
    'a host that loses power while it joins is waited for, and finished at the latest by the next run',
    14,
    async () => {
      write(3);
      let cut: Promise<unknown> | undefined;
      const { code, err } = await slipway.run(apply, {
        minutes: 12,
        killWhen: ({ type, id }) => {
          if (type === 'step-started' && (id ?? '').startsWith('join:')) {
            cut ??= pullThePlug('b4').then(() => powerOn('b4'));
          }
          return false;
        },
      });
      expect(cut).toBeDefined();
      await cut;
      expect([0, 4], err.slice(-2000)).toContain(code);
      await ready('b1', 'b2', 'b3');
      await slipway.done(apply);
      await ready('b1', 'b2', 'b3', 'b4');
    },
  );

  step('a host that was installed anew is refused by its new key, until the file says so', 6, async () => {
    await recreate('b4');
    const server = await slipway.api('luck');
    await eventually('its node is seen to be lost', 120, async () =>
      (await nodes(server)).some((node) => addressOf(node) === hosts.get('b4')!.address && !isReady(node)),
    );
    const { code, err } = await slipway.run([...apply, '--progress', 'plain']);
    expect([3, 4], err.slice(-3000)).toContain(code);
    expect(err).toMatch(/host scan/);
    await ready('b1', 'b2', 'b3');
    hosts.set('b4', await described('b4'));
    before.set('b4', await fingerprint('b4'));
    write(3);
    await slipway.done(apply);
    await ready('b1', 'b2', 'b3', 'b4');
  });

  step('a pool is made smaller', 4, async () => {
    write(1);
    await slipway.done(apply);
  });

  step('an agent whose token is wrong says so, and joins once the server’s is right again', 14, async () => {
    const tokens = '/var/lib/rancher/k3s/server';
    await ssh(
      'b1',
      `cp -L ${tokens}/agent-token /root/agent-token; sed -i 's/::.*:/::node:0000/' $(readlink -f ${tokens}/agent-token)`,
    );
    write(3);
    const { code, err } = await slipway.run([...apply, '--progress', 'plain'], { minutes: 13 });
    expect(code, err.slice(-3000)).toBe(4);
    expect(err).toMatch(/token/i);
    await ready('b1');
    await ssh('b1', `cat /root/agent-token > $(readlink -f ${tokens}/agent-token); rm /root/agent-token`);
    await slipway.done(apply);
    await ready('b1', 'b2', 'b3', 'b4');
  });

  step('and all of it is taken away again', 4, async () => {
    await slipway.done(['cluster', 'delete', 'luck', '--yes', '--confirm', 'luck']);
    for (const [name, was] of before) expect(changes(was, await fingerprint(name)), name).toEqual([]);
  });
});
