import { afterAll, beforeAll, describe, expect } from 'vitest';

import { chapter } from '../support/chapter.js';
import { addressOf, eventually, heardFromAll, isReady, kube, type Node, nodes, votes, whole } from '../support/kube.js';
import { createHosts, destroyHosts, pullThePlug, reboot, type RigHost, ssh } from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';

const octets = { v1: 51, v2: 52, v3: 53, va: 54 };

describe('a server that never becomes a voter', () => {
  const step = chapter();
  const slipway = new Slipway();
  let hosts: Map<string, RigHost>;

  beforeAll(async () => {
    hosts = await createHosts(octets);
    slipway.write(
      ringFile(
        'voter',
        [...hosts.values()].map((host) => listed(host, { type: host.name })),
        {
          controlPlane: { count: 3, type: ['v1', 'v2', 'v3'] },
          pools: [{ name: 'workers', type: 'va', count: 1 }],
        },
      ),
    );
  });
  afterAll(async () => {
    await destroyHosts(...Object.keys(octets));
    slipway.close();
  });
  const create = ['cluster', 'create', '-f', slipway.file, '--yes', '--progress', 'plain'];

  step('stops the run with the remedy, and the first server goes on', 14, async () => {
    // What etcd's members say to each other does not reach it, as behind a firewall that nobody thought of.
    await ssh('v2', 'iptables -I INPUT -p tcp --dport 2380 -j DROP');
    const { code, err } = await slipway.run(create, { minutes: 13 });
    expect(code, err.slice(-3000)).toBe(4);
    expect(err).toMatch(/voter-cp-\d-\w+: start-k3s failed: k3s.service was not ready/);
    expect(err).toMatch(/Check that the machines reach each other on their private addresses/);
    const server = await slipway.api('voter');
    await kube(server, 'GET', '/readyz');
    const voters = (await nodes(server)).filter((node) => isReady(node) && votes(node));
    expect(voters).not.toHaveLength(0);
    // Etcd takes one at a time: the third was there first, or waited beside it, and not for as long again.
    if (voters.length < 2) expect(err).toMatch(/cannot join while voter-cp-\d-\w+ is on its way into etcd/);
  });

  step('votes once the way is free and the command is run again', 8, async () => {
    await ssh('v2', 'iptables -F INPUT');
    await slipway.done(create);
    const server = await slipway.api('voter');
    await eventually('three voters', 60, async () => (await nodes(server)).filter(votes).length === 3);
  });

  step('no address is held, and yet an agent comes back although the server it joined by is gone', 6, async () => {
    await whole(await slipway.api('voter'), { nodes: 4 });
    const by = await ssh('va', `grep '^server:' /etc/rancher/k3s/config.yaml`);
    const servers = [...hosts.values()].filter(({ name }) => name !== 'va');
    const gone = servers.find(({ address }) => by.includes(`//${address}:`))!;
    await pullThePlug(gone.name);
    await reboot('va');
    const since = new Date();
    const left = await slipway.api('voter', servers.find(({ name }) => name !== gone.name)!.address);
    const agent = (node: Node): boolean => addressOf(node) === hosts.get('va')!.address;
    await eventually('the agent is heard of, and Ready', 180, async () => {
      const heard = await heardFromAll(left, since, agent);
      return heard && (await nodes(left)).filter(agent).some(isReady);
    });
  });
});
