import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { clusterSchema } from '../../src/config/cluster-schema.js';
import { type ClusterFile, type ClusterSpec, poolSchema } from '../../src/domain/spec/schema.js';
import { rentedTraits } from '../../src/provider/kit/rented.js';
import type { FoundCluster, MachineProvider } from '../../src/provider/port.js';
import { createRuntime, type Runtime } from '../../src/runtime/context.js';
import { changePools } from '../../src/cli/change-pools.js';
import { type PoolEdit } from '../../src/config/index.js';
import { withoutPool, withPool, withPoolSize } from '../../src/domain/pools.js';
import { adoptCluster } from '../../src/workflows/cluster/adopt.js';
import { deleteCluster } from '../../src/workflows/cluster/delete.js';
import { clusterKubeconfig } from '../../src/workflows/cluster/kubeconfig.js';
import { listPools } from '../../src/workflows/pool/list.js';
import { planChanges, reconcile } from '../../src/workflows/cluster/reconcile.js';
import { clusterStatus } from '../../src/workflows/cluster/status.js';
import { RecordingReporter } from '../support/recording-reporter.js';
import { InMemoryDistribution } from './in-memory.js';

/** What the account has, by its labels. */
let found: readonly FoundCluster[];
/** An account that has no machines, and is asked for nothing. */
const provider = {
  name: 'managed',
  title: 'Managed',
  defaults: { controlPlaneType: 'none', workerType: 'none', location: 'here', image: 'none' },
  traits: { ...rentedTraits, managesFirewall: false },
  kubernetesIntegration: {
    serviceLoadBalancer: 'provider',
    storageClass: undefined,
    required: [],
    baseline: [],
    templateValues: () => ({}),
    secret: () => undefined,
  },
  machines: { list: () => Promise.resolve([]) },
  catalog: () => Promise.resolve({ locations: [], machineTypes: [], currency: '', balancers: [], addresses: [] }),
  infrastructure: { list: () => Promise.resolve([]) },
  ownedResources: () => Promise.resolve([]),
  clusters: () => Promise.resolve(found),
  unreachable: () => Promise.resolve([]),
  preflight: () => Promise.resolve([]),
  credentialProblem: () => Promise.resolve(undefined),
} as unknown as MachineProvider;

let distribution: InMemoryDistribution;
let reporter: RecordingReporter;
let context: Runtime;

beforeEach(async () => {
  const home = mkdtempSync(join(tmpdir(), 'slipway-seam-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  distribution = new InMemoryDistribution();
  found = [];
  reporter = new RecordingReporter();
  const runtime = await createRuntime({
    reporter,
    signal: new AbortController().signal,
    env: { HOME: home, SLIPWAY_HOME: home },
  });
  onTestFinished(() => runtime.dispose());
  context = {
    ...runtime,
    provider: () => Promise.resolve(provider),
    distribution: () => Promise.resolve(distribution),
    openApi: () => Promise.resolve(distribution.api),
  };
});

const input = (...pools: NonNullable<ClusterFile['pools']>) => ({
  spec: clusterSchema.parse({
    name: 'demo',
    provider: { name: 'managed' },
    pools,
  } satisfies ClusterFile),
  recordedFileExists: false,
});
const ids = (steps: readonly { readonly id: string }[]): readonly string[] => steps.map(({ id }) => id);
const apply = (wanted: ReturnType<typeof input>) => reconcile(context, wanted, 'cluster apply', 'again');

describe('a distribution whose nodes are no machines of ours', () => {
  it('is planned, created, looked at and scaled by the same workflows', async () => {
    const first = input({ name: 'web', count: 2 });
    expect(ids((await planChanges(context, first)).steps)).toEqual(['cluster', 'node:web-1', 'node:web-2']);
    expect(distribution.nodes.size).toBe(0);

    expect(await apply(first)).toMatchObject({ cluster: 'demo', changed: 3, machines: [], outdated: [] });
    expect([...distribution.nodes.keys()]).toEqual(['web-1', 'web-2']);
    expect((await planChanges(context, first)).steps).toEqual([]);
    expect(await clusterStatus(context, 'demo')).toMatchObject({
      api: { reachable: true },
      etcd: undefined,
      machines: [],
      orphanedNodes: [],
      problems: [],
      differs: [],
    });

    const next = input({ name: 'web', count: 1 }, { name: 'jobs', count: 1 });
    expect(ids((await planChanges(context, next)).steps)).toEqual(['node:jobs-1', 'remove:web-2']);
    expect(await apply(next)).toMatchObject({ changed: 2 });
    expect([...distribution.nodes.keys()]).toEqual(['web-1', 'jobs-1']);
    // The Lease by which others were kept out.
    expect(distribution.objects.size).toBe(0);
  });
});

describe('pools of nodes without machines', () => {
  const change = (edit: PoolEdit, to: (spec: ClusterSpec) => ClusterSpec) =>
    changePools(context, 'demo', edit, to, `pool ${edit.kind}`);
  const jobs = poolSchema.parse({ name: 'jobs', count: 2 });

  it('are listed, added, scaled and removed by the same commands', async () => {
    await apply(input({ name: 'web', count: 1 }));
    expect(await listPools(context, 'demo')).toEqual([
      { name: 'web', machines: 1, ready: 1, standbys: 0, prepared: 0, types: ['unknown'] },
    ]);

    await change({ kind: 'add', pool: jobs }, (spec) => withPool(spec, jobs));
    await change({ kind: 'scale', name: 'web', size: { count: 3 } }, (spec) => withPoolSize(spec, 'web', { count: 3 }));
    expect((await listPools(context, 'demo')).map(({ name, ready }) => [name, ready])).toEqual([
      ['web', 3],
      ['jobs', 2],
    ]);

    await change({ kind: 'scale', name: 'web', size: { count: 1 } }, (spec) => withPoolSize(spec, 'web', { count: 1 }));
    expect(reporter.asked.at(-1)).toHaveProperty('details', ['web-2: give the node back', 'web-3: give the node back']);
    await change({ kind: 'remove', name: 'jobs' }, (spec) => withoutPool(spec, 'jobs'));
    expect([...distribution.nodes.keys()]).toEqual(['web-1']);
  });
});

describe('a cluster that somebody else runs', () => {
  const remove = () =>
    deleteCluster(
      context,
      { name: 'demo', deleteVolumes: false, dropFromUserKubeconfig: () => Promise.resolve() },
      'again',
    );

  it('has a kubeconfig, which asks another of its addresses on demand and no unknown one', async () => {
    await apply(input({ name: 'web', count: 1 }));
    expect((await clusterKubeconfig(context, 'demo')).text.reveal()).toContain('server: https://api.example');
    await expect(clusterKubeconfig(context, 'demo', 'elsewhere')).rejects.toMatchObject({ code: 'UNKNOWN_SERVER' });
  });

  it('is told from another by the fields that its distribution names', async () => {
    const first = input({ name: 'web', count: 1 });
    await apply(first);
    const other = { ...first, spec: { ...first.spec, image: 'other' } };
    await expect(apply(other)).rejects.toMatchObject({
      code: 'OTHER_CLUSTER',
      details: ['image: the cluster has none, this asks for other'],
    });
  });

  it('is deleted with all that it has beside machines, which is named first and looked for afterwards', async () => {
    await apply(input({ name: 'web', count: 2 }));
    expect(await remove()).toMatchObject({ cluster: 'demo', left: { machines: 0, infrastructure: 0 } });
    expect(reporter.asked.at(-1)).toHaveProperty('details', ['demo: give back its control plane and 2 nodes']);
    expect(distribution.nodes.size).toBe(0);
    expect(await context.workspace.cluster('demo').record()).toBeUndefined();
  });

  it('that is still there once it was deleted is no success', async () => {
    await apply(input({ name: 'web', count: 1 }));
    const deletion = distribution.deletion.bind(distribution);
    distribution.deletion = async (...args) =>
      (await deletion(...args)).map((step) => ({ ...step, apply: () => Promise.resolve() }));
    await expect(remove()).rejects.toMatchObject({ code: 'LEFT_BEHIND', details: ['demo'] });
    expect(await context.workspace.cluster('demo').record()).toBeDefined();
  });
});

describe('a cluster that somebody else runs, of which the workspace is lost', () => {
  const create = async (): Promise<void> => {
    await apply(input({ name: 'web', count: 2 }, { name: 'jobs', count: 1 }));
    const { id } = (await context.workspace.cluster('demo').record())!;
    found = [{ name: 'demo', id, machines: 0, distribution: 'k3s' }];
    await context.workspace.cluster('demo').remove();
  };
  const adopt = (spec?: ClusterSpec) =>
    adoptCluster(
      context,
      {
        name: 'demo',
        section: { name: 'managed' },
        spec,
        file: undefined,
        id: undefined,
        sshKey: undefined,
        kubeconfigs: [],
        acceptedHostKeys: [],
        dryRun: false,
      },
      'again',
    );

  it('is adopted by what its label, its provider and its nodes tell, with no file', async () => {
    await create();
    expect(ids((await adopt()).steps)).toEqual(['kubeconfig', 'record']);
    expect(ids((await adopt()).steps)).toEqual([]);
    const { spec } = (await context.workspace.cluster('demo').record())!;
    expect(spec.pools.map(({ name, count }) => [name, count])).toEqual([
      ['jobs', 1],
      ['web', 2],
    ]);
    expect((await planChanges(context, { spec, recordedFileExists: false })).steps).toEqual([]);
    expect(await clusterStatus(context, 'demo')).toMatchObject({ api: { reachable: true }, differs: [], problems: [] });
  });

  it('is adopted with its file, too, and changed by it afterwards', async () => {
    await create();
    const next = input({ name: 'web', count: 3 });
    await adopt(next.spec);
    expect(ids((await planChanges(context, next)).steps)).toEqual(['node:web-3', 'remove:jobs-1']);
  });

  it('is not adopted while its provider gives no kubeconfig', async () => {
    await create();
    distribution.kubeconfig = new InMemoryDistribution().kubeconfig;
    await expect(adopt()).rejects.toMatchObject({ code: 'NO_WAY_IN', details: ['Managed: It is not made.'] });
    expect(await context.workspace.cluster('demo').record()).toBeUndefined();
  });

  it('is deleted with all that it has beside machines', async () => {
    await create();
    const drop = { deleteVolumes: false, dropFromUserKubeconfig: () => Promise.resolve() };
    await deleteCluster(context, { name: 'demo', provider: 'managed', ...drop }, 'again');
    expect(reporter.asked.at(-1)).toHaveProperty('details', ['demo: give back its control plane and 3 nodes']);
    expect(distribution.nodes.size).toBe(0);
  });

  it('is left alone where its label names a distribution that this Slipway does not know', async () => {
    await create();
    found = found.map((one) => ({ ...one, distribution: 'later' }));
    await expect(adopt()).rejects.toMatchObject({ code: 'UNKNOWN_DISTRIBUTION' });
    const drop = { deleteVolumes: false, dropFromUserKubeconfig: () => Promise.resolve() };
    await expect(deleteCluster(context, { name: 'demo', provider: 'managed', ...drop }, 'again')).rejects.toMatchObject(
      { code: 'UNKNOWN_DISTRIBUTION' },
    );
    await expect(adopt(input({ name: 'web', count: 2 }).spec)).rejects.toMatchObject({ code: 'OTHER_CLUSTER' });
    expect(distribution.nodes.size).toBe(3);
  });
});

it('a cluster file that names a bundle is refused by a distribution that does not come in bundles', async () => {
  const { spec, ...rest } = input({ name: 'web', count: 1 });
  const wanted = { ...rest, spec: { ...spec, kubernetes: { ...spec.kubernetes, bundle: '/bundle' } } };
  await expect(apply(wanted)).rejects.toMatchObject({ code: 'NO_BUNDLES' });
  expect(distribution.nodes.size).toBe(0);
});
