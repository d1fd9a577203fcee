import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';

import { chapter, noted, tellLastWords, took } from '../support/chapter.js';
import { writer } from '../support/clients.js';
import { type EtcdMember, etcdMembers } from '../support/etcd.js';
import { configMaps, kube, whole, writes } from '../support/kube.js';
import { createHosts, destroyHosts, type RigHost, ssh } from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';

const octets = { r1: 95, r2: 96, r3: 97, r4: 98 };
const apiAddress = '10.231.7.99';

describe('three servers that are replaced one by one, while a client writes', () => {
  const step = chapter();
  const slipway = new Slipway();
  let hosts: Map<string, RigHost>;

  beforeAll(async () => {
    hosts = await createHosts(octets);
  });
  afterEach(tellLastWords(() => hosts.keys()));
  afterAll(async () => {
    await destroyHosts(...Object.keys(octets));
    slipway.close();
  });

  const write = (among: Iterable<RigHost>): void =>
    slipway.write(
      ringFile(
        'anew',
        [...among].map((host) => listed(host, { type: 'server' })),
        { kubernetes: { api: { address: apiAddress } }, controlPlane: { count: 3, type: 'server' } },
      ),
    );
  /** Runs it, and asks etcd who is in it after each server that has gone. */
  const replacing = async (
    args: readonly string[],
  ): Promise<readonly { readonly gone: string; readonly members: readonly EtcdMember[] }[]> => {
    const asked: Promise<{ gone: string; members: readonly EtcdMember[] }>[] = [];
    const { ms } = await slipway.done(args, {
      minutes: 12,
      killWhen: ({ type, id }) => {
        const gone = type === 'step-done' ? /^remove:(.+)$/.exec(id ?? '')?.[1] : undefined;
        if (gone !== undefined) asked.push(etcdMembers(hosts.keys()).then((members) => ({ gone, members })));
        return false;
      },
    });
    const found = await Promise.all(asked);
    took(`${args.slice(0, 2).join(' ')}: ${found.length} of 3 servers replaced`, ms);
    return found;
  };
  const isOf =
    (node: string) =>
    ({ name }: EtcdMember) =>
      name.startsWith(`${node}-`);

  step('begins with three of four hosts', 8, async () => {
    write(hosts.values());
    await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes']);
    await whole(await slipway.api('anew', apiAddress), { nodes: 3 });
    expect(await etcdMembers(hosts.keys())).toHaveLength(3);
  });

  step('each by way of the spare host: etcd has three voters after each, and none that has gone', 14, async () => {
    const server = await slipway.api('anew', apiAddress);
    const before = (await whole(server, { nodes: 3 })).map(({ metadata }) => metadata.name);
    const client = await writer(server, 'all-along');
    const found = await replacing(['cluster', 'recycle', 'anew', '--yes']);
    const { asked, failed, longestGap } = client.stop();
    noted(`${failed} of ${asked}`, `recycle: writes at the API’s address that failed; longest gap ${longestGap} ms`);
    expect(found.map(({ gone }) => gone).sort()).toEqual([...before].sort());
    for (const [turn, { gone, members }] of found.entries()) {
      expect(members.filter(isOf(gone)), gone).toEqual([]);
      expect(members.filter(({ isLearner }) => !isLearner).length, gone).toBeGreaterThanOrEqual(3);
      for (const later of found.slice(turn + 1)) expect(members.some(isOf(later.gone)), later.gone).toBe(true);
    }
    const after = (await whole(server, { nodes: 3 })).map(({ metadata }) => metadata.name);
    expect(after.filter((name) => before.includes(name))).toEqual([]);
    const members = await etcdMembers(hosts.keys());
    expect(members).toHaveLength(3);
    for (const name of after) expect(members.some(isOf(name)), name).toBe(true);
    await writes(server, 'afterwards');
    await slipway.done(['cluster', 'plan', 'anew', '--detailed-exitcode']);
  });
});

const lone = { o1: 101, o2: 102 };

describe('the only server, which began the cluster, that is replaced', () => {
  const step = chapter();
  const slipway = new Slipway();
  let hosts: Map<string, RigHost>;

  beforeAll(async () => {
    hosts = await createHosts(lone);
  });
  afterEach(tellLastWords(() => hosts.keys()));
  afterAll(async () => {
    await destroyHosts(...Object.keys(lone));
    slipway.close();
  });

  const addressAt = async (): Promise<{ readonly host: RigHost; readonly spare: RigHost }> => {
    const { machines } = JSON.parse((await slipway.done(['cluster', 'status', 'alone', '--json'])).out) as {
      machines: readonly { readonly host: string }[];
    };
    const own = machines[0]!.host;
    return { host: hosts.get(own)!, spare: [...hosts.values()].find(({ name }) => name !== own)! };
  };

  step('begins on one of two hosts', 6, async () => {
    slipway.write(
      ringFile(
        'alone',
        [...hosts.values()].map((host) => listed(host, { type: 'server' })),
        { controlPlane: { count: 1, type: 'server' } },
      ),
    );
    await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes']);
    const { host } = await addressAt();
    await writes(await slipway.api('alone', host.address), 'before');
    expect(await etcdMembers([host.name])).toHaveLength(1);
  });

  step(
    'by a fresh one on the other host: one member of etcd, all that was stored, also once k3s starts anew',
    10,
    async () => {
      const { host: old, spare } = await addressAt();
      const { ms } = await slipway.done(['cluster', 'recycle', 'alone', '--yes'], { minutes: 8 });
      took('cluster recycle: the only server replaced', ms);
      const { host } = await addressAt();
      expect(host.name).toBe(spare.name);
      expect(host.name).not.toBe(old.name);
      const members = await etcdMembers([host.name]);
      expect(members.map(({ isLearner }) => isLearner)).toEqual([false]);
      // By its own settings it was one that joined by a server which is no more.
      await ssh(host.name, 'systemctl restart k3s');
      const server = await slipway.api('alone', host.address);
      await whole(server, { nodes: 1, voters: 1, since: new Date() });
      await kube(server, 'GET', `${configMaps}/before`);
      await writes(server, 'afterwards');
      await slipway.done(['cluster', 'plan', 'alone', '--detailed-exitcode']);
    },
  );
});
