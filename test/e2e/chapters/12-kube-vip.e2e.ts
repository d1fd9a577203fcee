import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';

import type { ApiServer } from '../../support/conversations.js';
import { holderOf } from '../support/address.js';
import { chapter, stopwatch, tellLastWords, took } from '../support/chapter.js';
import { changes, fingerprint, fingerprints } from '../support/fingerprint.js';
import { addressOf, eventually, isReady, kube, list, nodes, type Pod, whole, writes } from '../support/kube.js';
import { createHosts, destroyHosts, powerOn, pullThePlug, type RigHost, ssh } from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';

const octets = { k1: 81, k2: 82, k3: 83 };
const servers = Object.keys(octets);
const apiAddress = '10.231.7.89';

describe('the API’s address, held by kube-vip', () => {
  const step = chapter();
  const slipway = new Slipway();
  let hosts: Map<string, RigHost>;
  let before: Map<string, readonly string[]>;
  let server: ApiServer;

  beforeAll(async () => {
    hosts = await createHosts(octets);
    before = await fingerprints(hosts.keys());
  });
  afterEach(tellLastWords(() => hosts.keys()));
  afterAll(async () => {
    await destroyHosts(...servers);
    slipway.close();
  });

  const write = (vipProvider: 'kube-vip' | 'keepalived'): void =>
    slipway.write(
      ringFile(
        'vip',
        [...hosts.values()].map((host) => listed(host, { type: 'server' })),
        { kubernetes: { api: { address: apiAddress, vipProvider } }, controlPlane: { count: 3, type: 'server' } },
      ),
    );
  const vips = (): Promise<readonly Pod[]> =>
    list<Pod>(server, '/api/v1/namespaces/kube-system/pods?labelSelector=app.kubernetes.io%2Fname%3Dkube-vip');
  const silent = (): Promise<unknown> =>
    slipway.done(['cluster', 'plan', 'vip', '-f', slipway.file, '--detailed-exitcode']);

  step('is created with a pod on each server, one of which holds it', 10, async () => {
    write('kube-vip');
    const { ms } = await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes']);
    took('create: 3 servers, undisturbed', ms);
    server = await slipway.api('vip', apiAddress);
    await whole(server, { nodes: 3 });
    await eventually('a kube-vip runs on each server', 120, async () => {
      const pods = await vips();
      return pods.length === 3 && pods.every(isReady);
    });
    await holderOf(apiAddress, servers);
    await writes(server, 'at-the-vip');
    await silent();
  });

  step('moves to another server when its holder loses power', 6, async () => {
    const dead = await holderOf(apiAddress, servers);
    const watch = stopwatch();
    await pullThePlug(dead);
    await writes({ ...server, timeoutMs: 2000 }, 'after-the-loss');
    took('server loss under kube-vip: until the API answers and writes at its address', watch());
    const since = new Date();
    await powerOn(dead);
    const all = await whole(server, { nodes: 3, since });
    expect(all.map(addressOf).sort()).toEqual([...hosts.values()].map(({ address }) => address).sort());
    await silent();
  });

  step('a server that was gone, and whose node somebody deleted meanwhile, joins anew', 16, async () => {
    const holder = await holderOf(apiAddress, servers);
    const gone = servers.find((name) => name !== holder)!;
    await pullThePlug(gone);
    const node = (await nodes(server)).find((one) => addressOf(one) === hosts.get(gone)!.address)!;
    await kube(server, 'DELETE', `/api/v1/nodes/${node.metadata.name}`);
    await eventually('its node is gone, and its member with it', 300, async () =>
      (await nodes(server)).every((one) => addressOf(one) !== hosts.get(gone)!.address),
    );
    await powerOn(gone);
    const { events, ms } = await slipway.done(['cluster', 'apply', 'vip', '-f', slipway.file, '--yes']);
    took('a server that was taken out of etcd joins anew', ms);
    expect(events.map(({ text }) => text).join()).toContain('etcd took this server out');
    await whole(server, { nodes: 3, seconds: 400 });
    await silent();
  });

  step('is handed over to keepalived when the file says so', 6, async () => {
    write('keepalived');
    await slipway.done(['cluster', 'apply', 'vip', '-f', slipway.file, '--yes']);
    await writes(server, 'handed-over');
    await eventually('no kube-vip is left', 60, async () => (await vips()).length === 0);
    await ssh(await holderOf(apiAddress, servers), 'systemctl is-active slipway-keepalived.service');
    await silent();
  });

  step('delete leaves every host as it was found', 5, async () => {
    await slipway.done(['cluster', 'delete', 'vip', '--yes', '--confirm', 'vip']);
    for (const name of servers) expect(changes(before.get(name)!, await fingerprint(name)), name).toEqual([]);
  });
});
