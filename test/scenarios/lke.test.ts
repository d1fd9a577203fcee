import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli, type Run } from '../support/cli.js';

const cli = new Cli();
afterAll(() => cli.close());
const signal = new AbortController().signal;
const path = join(cli.home, 'cluster.yaml');
const write = (more: { version?: string; type?: string; region?: string; more?: string }): void =>
  writeFileSync(
    path,
    `name: north
provider: { name: sandbox-linode, locations: [${more.region ?? 'se-sto'}], residency: [SE] }
kubernetes: { distribution: lke, version: "${more.version ?? '1.35'}" }
controlPlane: { count: 3 }
pools:
  - { name: web, type: ${more.type ?? 'g6-standard-2'}, count: 3, labels: { tier: web } }
${more.more ?? ''}`,
  );

interface Pool {
  readonly id: number;
  readonly type: string;
  readonly count: number;
  readonly autoscaler: object;
  readonly taints: readonly object[];
  readonly nodes: readonly { readonly id: string; readonly instance_id: number | null }[];
}
interface Status {
  readonly kubernetesVersion: string;
  readonly api: { readonly reachable: boolean };
  readonly expectedEnd: { readonly until: string; readonly daysLeft: number };
  readonly machines: readonly { readonly name: string; readonly node?: { readonly version: string } }[];
  readonly remarks: readonly string[];
  readonly problems: readonly string[];
}

async function linode<T>(method: string, at: string, body?: object): Promise<T> {
  const { linodeEndpoint, info } = await cli.sandbox();
  const headers = { Authorization: `Bearer ${info.cloudToken}` };
  const answer = await fetch(`${linodeEndpoint}${at}`, {
    method,
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return (await answer.json()) as T;
}
const account = async <T>(at: string): Promise<readonly T[]> =>
  (await linode<{ data: T[] }>('GET', `${at}?page_size=500`)).data;
const clusters = () => account<{ id: number; label: string; k8s_version: string; tags: string[] }>('/lke/clusters');
const pools = async (): Promise<readonly Pool[]> => account<Pool>(`/lke/clusters/${(await clusters())[0]!.id}/pools`);
const instances = () => account<{ id: number; label: string }>('/linode/instances');
const status = async (): Promise<Status> =>
  JSON.parse((await cli.run(['cluster', 'status', 'north', '--json'])).out) as Status;
const versions = async (): Promise<readonly (string | undefined)[]> =>
  (await status()).machines.map(({ node }) => node?.version);
const boundary = (order: object) => ({ SLIPWAY_TEST_BOUNDARY: JSON.stringify([order]) });

const kubeNow = (): Promise<Kube> =>
  openKube({
    kubeconfig: new Secret(readFileSync(join(cli.home, 'ws/clusters/north/kubeconfig'), 'utf8')),
    boundary: openBoundary,
    clock: systemClock,
  });

/** Three pods that may lose one at a time, each on a node of its own. */
async function shop(kube: Kube): Promise<void> {
  const labels = { app: 'shop' };
  const spread = {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: labels },
  };
  const spec = { containers: [{ name: 'shop', image: 'nginx' }], topologySpreadConstraints: [spread] };
  await kube.apply(
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop', namespace: 'default' } },
      spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    { signal },
  );
  await kube.apply(
    {
      ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'shop', namespace: 'default' } },
      spec: { minAvailable: 2, selector: { matchLabels: labels } },
    },
    { signal },
  );
  await kube.until(
    {
      what: 'the shop to serve',
      code: 'NODE_TIMEOUT',
      kinds: [{ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default' }],
      check: (view) => ready(view.all({ apiVersion: 'apps/v1', kind: 'Deployment' })[0]) === 3 || undefined,
    },
    { signal, deadlineMs: 60_000, hint: 'none' },
  );
}

const ready = (deployment: unknown): number =>
  (deployment as { status?: { readyReplicas?: number } } | undefined)?.status?.readyReplicas ?? 0;

interface Measured {
  readonly run: Run;
  /** How many nodes were missing or not Ready at once, at most. */
  readonly nodesDown: number;
  /** How few pods of the shop were Ready. */
  readonly fewestPods: number;
  readonly looks: number;
}

/** Looks at the cluster all the time while a command runs. */
async function measured(kube: Kube, args: readonly string[], nodes = 3): Promise<Measured> {
  const seen = { nodesDown: 0, fewestPods: 3, looks: 0 };
  const ended = new AbortController();
  const watching = (async () => {
    while (!ended.signal.aborted) {
      const [found, [shops]] = await Promise.all([
        kube.nodes({ signal }),
        kube.list('apps/v1', 'Deployment', { namespace: 'default' }, { signal }),
      ]);
      const up = found.filter((node) => node.ready).length;
      seen.nodesDown = Math.max(seen.nodesDown, nodes - up);
      seen.fewestPods = Math.min(seen.fewestPods, ready(shops));
      seen.looks += 1;
    }
  })();
  const run = await cli.run(args);
  ended.abort();
  await watching;
  return { run, ...seen };
}

describe('a cluster of LKE', () => {
  it('is refused in London where only Sweden is allowed, and the country is named', async () => {
    write({ region: 'eu-west' });
    const refused = await cli.run(['cluster', 'create', '-f', path, '--yes']);
    expect(refused.code).toBe(3);
    expect(refused.err).toContain('eu-west is in Great Britain (GB), outside the residency SE');
    expect(await clusters()).toEqual([]);
  });

  it('whose creation was killed is finished by the same command, once its nodes are Ready', async () => {
    write({});
    const create = ['cluster', 'create', '-f', path, '--yes'];
    const order = { when: 'after', kind: 'provider', what: '^POST /lke/clusters$', act: 'kill' };
    expect((await cli.run(create, boundary(order))).code).toBe(137);
    const created = await cli.run(create);
    expect(created.err).not.toContain('failed');
    expect(created.code, created.err).toBe(0);
    const [cluster, ...others] = await clusters();
    expect(others).toEqual([]);
    expect(cluster).toMatchObject({ label: 'north', k8s_version: '1.35' });
    expect(cluster!.tags).toEqual(expect.arrayContaining(['slipway:cluster=north', 'slipway:distribution=lke']));
    expect(await linode('GET', `/lke/clusters/${cluster!.id}/control_plane_acl`)).toMatchObject({
      acl: { enabled: true, addresses: { ipv4: ['127.0.0.1/32'] } },
    });
    const now = await status();
    expect(now).toMatchObject({ kubernetesVersion: '1.35', api: { reachable: true }, problems: [] });
    expect(now.expectedEnd.until).toBe('2027-02-28');
    expect(now.machines.map(({ node }) => node?.version)).toEqual(['v1.35.8', 'v1.35.8', 'v1.35.8']);
    const plan = await cli.run(['cluster', 'plan', 'north', '--json', '--detailed-exitcode']);
    expect(plan.code).toBe(0);
    // Three machines for 24 USD, and a control plane with high availability.
    expect(JSON.parse(plan.out)).toMatchObject({ monthly: { amount: 132, currency: 'USD' } });
  });

  it('refuses what cannot be done with machines of LKE, with the reason and what to do instead', async () => {
    for (const [args, word] of [
      [['cluster', 'ssh', 'north'], 'kubectl debug'],
      [['cluster', 'heal', 'north', '--yes'], 'slipway cluster recycle north --node NAME'],
      [['drill', 'node-loss', 'north', '--yes'], 'kubectl get nodes -w'],
      [['maintain', 'north'], 'slipway cluster status north'],
      [['backup', 'create', 'north'], 'Back up what runs in the cluster'],
      [['cluster', 'rotate-certs', 'north', '--yes'], 'Nothing is to be done'],
      [['component', 'upgrade', '--cluster', 'north'], 'helm'],
    ] as const) {
      const { code, err } = await cli.run(args);
      expect([code, err.split('\n').at(-2)], args.join(' ')).toEqual([2, expect.stringContaining(word)]);
      expect(err).toContain('Code: DISTRIBUTION_LACKS');
    }
  });

  it('is upgraded a minor, one node at a time while a budget guards its pods; killed, by the same command', async () => {
    const kube = await kubeNow();
    await shop(kube);
    const upgrade = ['cluster', 'upgrade', 'north', '--to', '1.36', '--yes'];
    const order = { when: 'after', kind: 'provider', what: 'nodes/[^/]+/recycle$', act: 'kill' };
    expect((await cli.run(upgrade, boundary(order))).code).toBe(137);
    const { run, nodesDown, fewestPods, looks } = await measured(kube, upgrade);
    expect(run.err).not.toContain('failed');
    expect(run.code).toBe(0);
    expect({ nodesDown, fewestPods }).toEqual({ nodesDown: 1, fewestPods: 2 });
    expect(looks).toBeGreaterThan(10);
    expect(await versions()).toEqual(['v1.36.5', 'v1.36.5', 'v1.36.5']);
    expect(readFileSync(path, 'utf8')).toContain('"1.36"');
    expect((await clusters())[0]!.k8s_version).toBe('1.36');
    expect((await cli.run(['cluster', 'plan', 'north', '--detailed-exitcode'])).code).toBe(0);
    kube.close();
  });

  it('that LKE patched says which nodes are older, and recycles them one at a time', async () => {
    await (await cli.sandbox()).call('POST', 'lke', { version: '1.36', patch: 'v1.36.6' });
    const [remark] = (await status()).remarks;
    expect(remark).toBe(
      '3 nodes older than the control plane: LKE brought it to v1.36.6 by itself, and they run v1.36.5. Recycle them: slipway cluster recycle north --outdated',
    );
    // A patch is no difference from the file.
    expect((await cli.run(['cluster', 'plan', 'north', '--detailed-exitcode'])).code).toBe(0);
    const kube = await kubeNow();
    const before = (await pools())[0]!;
    const { run, nodesDown, fewestPods } = await measured(kube, ['cluster', 'recycle', 'north', '--outdated', '--yes']);
    expect(run.code).toBe(0);
    expect({ nodesDown, fewestPods }).toEqual({ nodesDown: 1, fewestPods: 2 });
    expect(await versions()).toEqual(['v1.36.6', 'v1.36.6', 'v1.36.6']);
    expect((await pools()).map(({ id, count }) => [id, count])).toEqual([[before.id, 3]]);
    expect((await status()).remarks).toEqual([]);
    kube.close();
  });

  it('whose pool is to have another type gets a new pool, and the old one is drained and removed', async () => {
    const [old] = await pools();
    write({
      version: '1.36',
      type: 'g6-standard-4',
      more: '  - { name: jobs, autoscale: { min: 1, max: 3 }, taints: [{ key: only, value: jobs, effect: NoSchedule }] }\n',
    });
    const kube = await kubeNow();
    const apply = ['cluster', 'apply', 'north', '--yes'];
    // Killed when the new pool was asked for, before anybody was told of its id.
    const order = { when: 'after', kind: 'provider', what: '^POST /lke/clusters/\\d+/pools$', nth: 1, act: 'kill' };
    expect((await cli.run(apply, boundary(order))).code).toBe(137);
    const { run, fewestPods } = await measured(kube, apply);
    expect(run.code).toBe(0);
    expect(fewestPods).toBeGreaterThanOrEqual(2);
    const now = await pools();
    expect(now.map(({ type, count }) => [type, count]).sort()).toEqual([
      ['g6-standard-2', 1],
      ['g6-standard-4', 3],
    ]);
    expect(now.map(({ id }) => id)).not.toContain(old!.id);
    expect(now.find(({ count }) => count === 1)).toMatchObject({
      autoscaler: { enabled: true, min: 1, max: 3 },
      taints: [{ key: 'only', value: 'jobs', effect: 'NoSchedule' }],
    });
    expect((await cli.run(['cluster', 'plan', 'north', '--detailed-exitcode'])).code).toBe(0);
    const nodes = await kube.nodes({ signal });
    expect(nodes.filter(({ labels }) => labels['tier'] === 'web')).toHaveLength(3);
    kube.close();
  });

  it('is taken on by a workspace that lost it, and its pools are the same ones', async () => {
    const before = (await pools()).map(({ id }) => id);
    rmSync(join(cli.home, 'ws/clusters/north'), { recursive: true });
    const adopted = await cli.run(['cluster', 'adopt', '-f', path, '--yes']);
    expect(adopted.err).not.toContain('Error');
    expect(adopted.code).toBe(0);
    expect((await cli.run(['cluster', 'plan', 'north', '--detailed-exitcode'])).code).toBe(0);
    expect((await pools()).map(({ id }) => id)).toEqual(before);
  });

  it('is deleted with its nodes; a volume that LKE leaves is named, stays, and goes when that is asked for', async () => {
    const [{ id }] = (await instances()) as readonly [{ id: number; label: string }];
    await linode('POST', '/volumes', { label: 'pvc0123', linode_id: id, size: 20 });
    await expect.poll(async () => (await account<{ linode_id: number | null }>('/volumes'))[0]!.linode_id).toBe(id);
    const asked = await cli.run(['cluster', 'delete', 'north']);
    expect(asked.code).toBe(2);
    expect(asked.err).toContain('stays: volume pvc0123, 20 GB, 2.00 USD a month');
    expect(asked.err).toMatch(/delete the LKE cluster \d+ with its control plane and 4 nodes/);
    const gone = await cli.run(['cluster', 'delete', 'north', '--yes', '--confirm', 'north', '--delete-volumes']);
    expect(gone.err).not.toContain('failed');
    expect(gone.code).toBe(0);
    expect(await clusters()).toEqual([]);
    expect(await instances()).toEqual([]);
    expect(await account('/volumes')).toEqual([]);
  });
});
