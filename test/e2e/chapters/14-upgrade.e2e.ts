import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';

import type { ApiServer } from '../../support/conversations.js';
import { holderOf } from '../support/address.js';
import { chapter, noted, stopwatch, tellLastWords, took } from '../support/chapter.js';
import { type Got, reader, writer } from '../support/clients.js';
import { addressOf, ensure, eventually, isReady, isServer, kube, pods, webDeployment, whole } from '../support/kube.js';
import { slack } from '../support/slack.js';
import { createHosts, destroyHosts, type RigHost, ssh } from '../support/rig.js';
import { fromRing, listed, type ProgressEvent, ringFile, Slipway } from '../support/slipway.js';

const servers = ['u1', 'u2', 'u3'];
const agents = ['ua', 'ub'];
const octets = { u1: 108, u2: 72, u3: 73, ua: 74, ub: 75 };
const apiAddress = '10.231.7.79';
const onAgents = { 'slipway.dev/pool': 'workers' };
const nodePort = 30_080;

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080, nodePort }] },
};
const budget = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web' },
  spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
};

/** Which nodes were changed, in the order in which that began, and how many were being changed at once at most. */
function changesIn(events: readonly ProgressEvent[]): { readonly order: readonly string[]; readonly atOnce: number } {
  const own = events.filter(({ id }) => id?.startsWith('upgrade:'));
  const begun = own.filter(({ type }) => type === 'step-started').map(({ id }) => id!.split(':')[1]!);
  let now = 0;
  const counts = own.map(({ type }) => (now += type === 'step-started' ? 1 : type === 'step-done' ? -1 : 0));
  return { order: begun, atOnce: Math.max(0, ...counts) };
}

const hasOlder = process.env['SLIPWAY_E2E_OLDER_BUNDLE'] !== undefined;

/** From one minor to the next, under load; where the ring has two. */
describe.runIf(hasOlder)('an upgrade of three servers and two agents, while clients write and read', () => {
  const step = chapter();
  const slipway = new Slipway();
  let hosts: Map<string, RigHost>;
  let older: string;
  let newer: string;
  const host = (name: string): RigHost => hosts.get(name)!;

  /** Parts of k3s that its servers leave out. */
  let disable: ('coredns' | 'metrics-server')[] = ['metrics-server'];
  const write = (version: string, bundle: string): void =>
    slipway.write(
      ringFile(
        'minor',
        [...hosts.values()].map((one) => listed(one, { type: servers.includes(one.name) ? 'server' : 'agent' })),
        {
          kubernetes: { version, bundle, disable, api: { address: apiAddress } },
          controlPlane: { count: 3, type: 'server' },
          pools: [{ name: 'workers', type: 'agent', count: 2 }],
        },
      ),
    );
  const api = (): Promise<ApiServer> => slipway.api('minor', apiAddress);

  beforeAll(async () => {
    older = fromRing('SLIPWAY_E2E_OLDER_VERSION');
    newer = fromRing('SLIPWAY_E2E_VERSION');
    hosts = await createHosts(octets);
  });
  afterEach(tellLastWords(() => hosts.keys()));
  afterAll(async () => {
    await destroyHosts(...Object.keys(octets));
    slipway.close();
  });

  step('begins with the older minor on all of them, and a page that both agents serve', 8, async () => {
    write(older, fromRing('SLIPWAY_E2E_OLDER_BUNDLE'));
    await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes']);
    const server = await api();
    const all = await whole(server, { nodes: 5 });
    expect(new Set(all.map(({ status }) => status.nodeInfo?.kubeletVersion))).toEqual(new Set([older]));
    await ensure(server, '/apis/apps/v1/namespaces/default/deployments', webDeployment('web', 2, onAgents));
    await ensure(server, '/apis/policy/v1/namespaces/default/poddisruptionbudgets', budget);
    await ensure(server, '/api/v1/namespaces/default/services', service);
    await eventually('both pods Ready', 120, async () => {
      const webs = await pods(server, 'default', 'web');
      return webs.length === 2 && webs.every(isReady);
    });
  });

  step(
    'other settings reach its servers one at a time, and one that does not come up with them has its former ones again',
    8,
    async () => {
      disable = ['coredns', 'metrics-server'];
      write(older, fromRing('SLIPWAY_E2E_OLDER_BUNDLE'));
      const apply = ['cluster', 'apply', '-f', slipway.file, '--yes'];
      const ill = servers.find((name) => name !== 'u1')!;
      const refusal = '/etc/systemd/system/k3s.service.d/refusal.conf';
      const check = `if grep -q coredns /etc/rancher/k3s/config.yaml; then echo "panic: not with these settings"; exit 1; fi`;
      const reload = 'systemctl daemon-reload';
      await ssh(
        ill,
        `mkdir -p ${refusal.slice(0, refusal.lastIndexOf('/'))} && cat >${refusal} && ${reload}`,
        `[Service]\nExecStartPre=/bin/sh -c '${check}'\n`,
      );
      const failed = await slipway.run(apply);
      expect(failed.code, failed.err.slice(-3000)).toBe(4);
      expect(failed.err).toContain('SETTINGS_PUT_BACK');
      const server = await api();
      const without = async (): Promise<readonly string[]> => {
        const all = await whole(server, { nodes: 5 });
        const changed = all.filter(
          (node) => isServer(node) && node.metadata.annotations?.['k3s.io/node-args']?.includes('coredns') === true,
        );
        return changed.map((node) => [...hosts.values()].find(({ address }) => address === addressOf(node))!.name);
      };
      expect(await without()).not.toContain(ill);
      expect((await without()).length).toBeLessThan(3);

      await ssh(ill, `rm ${refusal} && ${reload}`);
      const watch = stopwatch();
      const own = (await slipway.done(apply)).events.filter(({ id }) => id?.startsWith('settings:'));
      took('other settings of 3 servers, one of which had refused them', watch());
      // Never two at once.
      let now = 0;
      const atOnce = own.map(({ type }) => (now += type === 'step-started' ? 1 : type === 'step-done' ? -1 : 0));
      expect(Math.max(...atOnce)).toBe(1);
      expect(new Set(await without())).toEqual(new Set(servers));
      for (const node of (await whole(server, { nodes: 5 })).filter(isServer))
        expect(node.status.conditions).toContainEqual(voting);
      await slipway.done(['cluster', 'plan', 'minor', '-f', slipway.file, '--detailed-exitcode']);
    },
  );

  step('the newer minor’s dry run names every node and the snapshot, and changes nothing', 2, async () => {
    write(older, fromRing('SLIPWAY_E2E_BUNDLE'));
    const { out } = await slipway.done(['cluster', 'upgrade', 'minor', '--to', newer, '--dry-run']);
    expect(out).toContain('slipway-at-');
    const all = await whole(await api(), { nodes: 5 });
    expect(new Set(all.map(({ status }) => status.nodeInfo?.kubeletVersion))).toEqual(new Set([older]));
  });

  step(
    'is killed behind its snapshot and while the second server starts, and the same command finishes it',
    14,
    async () => {
      const server = await api();
      const pages = agents.map((name) => `http://${host(name).address}:${nodePort}/`);
      const holder = await holderOf(apiAddress, servers);
      const clients = {
        ...Object.fromEntries(
          await Promise.all(
            servers.map(async (name) => {
              const own = { ...server, url: `https://${host(name).address}:6443` };
              return [`writes at ${name}`, await writer(own, `by-${name}`)] as const;
            }),
          ),
        ),
        'writes at the API’s address': await writer(server, 'by-address'),
        ...Object.fromEntries(agents.map((name, index) => [`pages of ${name}`, reader(pages[index]!)])),
        'pages of either agent': reader(...pages),
      };
      const upgrade = ['cluster', 'upgrade', 'minor', '--to', newer, '--yes'];
      const early = await slipway.run(upgrade, {
        killWhen: ({ type, id = '' }) => type === 'step-done' && id.startsWith('snapshot:'),
      });
      expect(early.code, early.err.slice(-3000)).toBe(137);
      const watch = stopwatch();
      const begun = new Set<string>();
      const killed = await slipway.run(upgrade, {
        killWhen: ({ type, id = '', text = '' }) => {
          if (id.startsWith('upgrade:')) begun.add(id);
          return type === 'step-progress' && begun.size === 2 && text.startsWith('starting k3s');
        },
      });
      expect(killed.code, killed.err.slice(-3000)).toBe(137);
      const finished = await slipway.done(upgrade, { minutes: 10 });
      took('upgrade of 3 servers and 2 agents by a minor, killed once', watch());
      const got: Record<string, Got> = Object.fromEntries(
        Object.entries(clients).map(([what, client]) => [what, client.stop()]),
      );
      for (const [what, { asked, failed, longestGap }] of Object.entries(got))
        noted(
          `${failed} of ${asked}`,
          `failed ${what} during the upgrade; longest gap ${(longestGap / 1000).toFixed(1)} s`,
        );

      const all = await whole(server, { nodes: 5 });
      expect(new Set(all.map(({ status }) => status.nodeInfo?.kubeletVersion))).toEqual(new Set([newer]));
      const names = new Map(all.map((node) => [node.metadata.name, addressOf(node)!]));
      const at = (address: string): string => [...hosts.values()].find((one) => one.address === address)!.name;
      const runs = [killed, finished].map(({ events }) => changesIn(events));
      const order = runs.flatMap((run) => run.order).map((name) => at(names.get(name)!));
      // Agents come last, the server that held the address right before them. The one it was killed at may be begun twice.
      const firsts = [...new Set(order)];
      expect(new Set(firsts.slice(0, 3))).toEqual(new Set(servers));
      expect(firsts[2]).toBe(holder);
      expect(new Set(firsts.slice(3))).toEqual(new Set(agents));
      expect(order.length).toBeLessThanOrEqual(6);
      expect(runs.map(({ atOnce }) => atOnce)).toEqual([1, 1]);
      for (const node of all.filter(isServer)) expect(node.status.conditions).toContainEqual(voting);

      // Each server was away for a while, so that the count means something, and yet somebody always took writes.
      for (const name of servers) expect(got[`writes at ${name}`]!.failed, name).toBeGreaterThan(0);
      expect(got['writes at the API’s address']!.longestGap).toBeLessThan(slack * 15_000);
      expect(got['pages of either agent']!.longestGap).toBeLessThan(slack * 5_000);
    },
  );

  step(
    'afterwards the first and the last snapshot lie there, nobody is hindered, and a second run has nothing to do',
    3,
    async () => {
      const server = await api();
      const found = await Promise.all(
        servers.map((name) => ssh(name, 'ls -s /var/lib/rancher/k3s/server/db/snapshots 2>/dev/null || true')),
      );
      // Each of three runs took one.
      expect(found.join('\n').match(new RegExp(`slipway-at-${older.replace('+', '-')}-\\S+`, 'g'))).toHaveLength(2);
      for (const { spec, metadata } of await whole(server, { nodes: 5 })) {
        expect(spec.unschedulable ?? false, metadata.name).toBe(false);
        expect(JSON.stringify(spec.taints ?? [])).not.toContain('slipway.dev');
        expect(metadata.annotations?.['slipway.dev/upgrading-from']).toBeUndefined();
      }
      const again = await slipway.done(['cluster', 'upgrade', 'minor', '--to', newer, '--json']);
      expect(JSON.parse(again.out)).toMatchObject({ from: newer, to: newer, steps: [] });
      await slipway.done(['cluster', 'plan', 'minor', '-f', slipway.file, '--detailed-exitcode']);
      await kube(server, 'GET', '/readyz');
    },
  );
});

const voting = expect.objectContaining({ type: 'EtcdIsVoter', status: 'True' }) as unknown;
