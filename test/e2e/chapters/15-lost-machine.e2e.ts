import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';

import { chapter, noted, stopwatch, tellLastWords, took } from '../support/chapter.js';
import { addressOf, ensure, eventually, isReady, nodes, pods, webDeployment, whole } from '../support/kube.js';
import { createHosts, destroyHosts, pullThePlug, type RigHost, ssh } from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';

const octets = { l1: 107, la: 92, lb: 93, lc: 94 };
const onAgents = { 'slipway.dev/pool': 'workers' };

/** A host that dies for good, with a pod on it that has a volume: a folder of the host stands in for what CSI would bring. */
describe('a worker that loses its power and does not come back', () => {
  const step = chapter();
  const slipway = new Slipway();
  let hosts: Map<string, RigHost>;
  let lost: string;

  beforeAll(async () => {
    hosts = await createHosts(octets);
    slipway.write(
      ringFile(
        'lost',
        [...hosts.values()].map((host) => listed(host, { type: host.name === 'l1' ? 'server' : 'agent' })),
        {
          controlPlane: { count: 1, type: 'server' },
          pools: [{ name: 'workers', type: 'agent', count: 2 }],
          maintain: { system: 'auto' },
        },
      ),
    );
  });
  afterEach(tellLastWords(() => hosts.keys()));
  afterAll(async () => {
    await destroyHosts(...Object.keys(octets));
    slipway.close();
  });

  step('had a pod with a volume', 8, async () => {
    await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes']);
    const server = await slipway.api('lost');
    await whole(server, { nodes: 3, voters: 1 });
    await ensure(server, '/apis/apps/v1/namespaces/default/deployments', withFolder(webDeployment('web', 1, onAgents)));
    const [pod] = await eventually('the pod Ready', 120, async () => {
      const webs = await pods(server, 'default', 'web');
      return webs.length === 1 && webs.every(isReady) && webs;
    });
    const node = (await nodes(server)).find(({ metadata }) => metadata.name === pod!.spec.nodeName)!;
    lost = [...hosts.values()].find(({ address }) => address === addressOf(node))!.name;
  });

  step(
    'is left as it is while nobody says that it is off, and replaced by the spare host once somebody does, which a drill times',
    8,
    async () => {
      const server = await slipway.api('lost');
      const before = await pods(server, 'default', 'web');
      let told: () => void = () => undefined;
      const isTold = new Promise<void>((resolve) => (told = resolve));
      const drill = slipway.done(
        ['drill', 'node-loss', 'lost', '--node', before[0]!.spec.nodeName!, '--by-hand', '--yes', '--progress', 'json'],
        {
          killWhen: ({ text }) => {
            if (text?.startsWith(`Switch off the host ${lost} now`)) told();
            return false;
          },
        },
      );
      await Promise.race([isTold, drill]);
      const dead = stopwatch();
      await pullThePlug(lost);
      await eventually('the node not Ready', 120, async () => (await nodes(server)).some((node) => !isReady(node)));
      took('a host without power until its node is not Ready', dead());
      const refused = await slipway.run(['cluster', 'heal', 'lost', '--yes']);
      expect(refused.code, refused.err.slice(-3000)).toBe(3);
      expect((await pods(server, 'default', 'web')).map(({ metadata }) => metadata.uid)).toEqual(
        before.map(({ metadata }) => metadata.uid),
      );

      const healing = stopwatch();
      const running = slipway.done(['cluster', 'heal', 'lost', '--confirm-off', lost, '--yes']);
      const elsewhere = eventually('its pod Ready elsewhere', 240, async () => {
        const webs = await pods(server, 'default', 'web');
        return webs.some((pod) => isReady(pod) && pod.metadata.uid !== before[0]!.metadata.uid);
      }).then(() => took('heal: its pod Ready elsewhere', healing()));
      await Promise.all([running, elsewhere]);
      took('heal: a fresh node Ready in its place', healing());
      const all = await whole(server, { nodes: 3, voters: 1 });
      expect(all.map(addressOf).sort()).toEqual(
        [...hosts.values()]
          .filter(({ name }) => name !== lost)
          .map(({ address }) => address)
          .sort(),
      );
      const again = await slipway.done(['cluster', 'heal', 'lost']);
      expect(again.out).toContain('All machines of lost are well.');
      const { out } = await drill;
      noted(out.replaceAll(/\n +/g, '; '), 'drill by hand');
      expect(out).toMatch(/noticed +[\d.]+ s\n.*pods Ready elsewhere +[\d.]+ s\n.*capacity back +[\d.]+ s/);
    },
  );

  step(
    'has its certificates renewed where pods run on, and one round of maintenance reboots it for an update',
    8,
    async () => {
      const server = await slipway.api('lost');
      const [pod] = await pods(server, 'default', 'web');
      const there = [...hosts.keys()].filter((name) => name !== lost);
      const agents = there.filter((name) => name !== 'l1');
      const certificates = (): Promise<readonly string[]> =>
        Promise.all([
          ssh('l1', 'sha256sum /var/lib/rancher/k3s/server/tls/client-admin.crt'),
          ...there.map((name) => ssh(name, 'sha256sum /var/lib/rancher/k3s/agent/client-kubelet.crt')),
        ]);
      const before = await certificates();
      const renewing = stopwatch();
      await slipway.done(['cluster', 'rotate-certs', 'lost', '--yes']);
      took('rotate-certs: one server and two agents', renewing());
      const after = await certificates();
      expect(after.filter((sum) => before.includes(sum))).toEqual([]);
      await whole(await slipway.api('lost'), { nodes: 3, voters: 1 });
      expect((await pods(await slipway.api('lost'), 'default', 'web')).map(({ metadata }) => metadata.uid)).toEqual([
        pod!.metadata.uid,
      ]);

      const [agent] = agents;
      const started = (): Promise<string> => ssh(agent!, 'cat /proc/sys/kernel/random/boot_id');
      const first = await started();
      await ssh(agent!, 'echo linux-image | tee /run/reboot-required /run/reboot-required.pkgs');
      const rebooting = stopwatch();
      const round = await slipway.done(['maintain', 'lost', '--yes']);
      took('maintain: an agent drained and rebooted', rebooting());
      expect(round.out).toMatch(/system +done: .* waits for a reboot/);
      expect(await started()).not.toBe(first);
      await whole(await slipway.api('lost'), { nodes: 3, voters: 1 });
      expect((await slipway.done(['maintain', 'lost', '--yes'])).out).toContain('Nothing is due for lost.');
    },
  );
});

/** The same with a folder of its host as a volume. */
function withFolder<T extends { spec: { template: { spec: object } } }>(deployment: T): T {
  const { spec } = deployment;
  const volumes = [{ name: 'data', hostPath: { path: '/var/lib/web-data', type: 'DirectoryOrCreate' } }];
  return {
    ...deployment,
    spec: { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, volumes } } },
  };
}
