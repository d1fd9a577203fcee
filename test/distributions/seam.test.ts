import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { clusterSchema } from '../../src/config/cluster-schema.js';
import type { Distribution } from '../../src/distributions/port.js';
import type { ClusterFile, DistributionName } from '../../src/domain/spec/schema.js';
import { rentedTraits } from '../../src/provider/kit/rented.js';
import type { MachineProvider } from '../../src/provider/port.js';
import { createRuntime } from '../../src/runtime/context.js';
import { distributions } from '../../src/runtime/distributions.js';
import { planChanges, reconcile } from '../../src/workflows/cluster/reconcile.js';
import { clusterStatus } from '../../src/workflows/cluster/status.js';
import type { WorkflowContext } from '../../src/workflows/context.js';
import { RecordingReporter } from '../support/recording-reporter.js';
import { InMemoryDistribution } from './in-memory.js';

/** An account that has nothing, and is asked for nothing. */
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
  clusters: () => Promise.resolve([]),
  preflight: () => Promise.resolve([]),
  credentialProblem: () => Promise.resolve(undefined),
} as unknown as MachineProvider;

let distribution: InMemoryDistribution;
let context: WorkflowContext;

beforeEach(async () => {
  const home = mkdtempSync(join(tmpdir(), 'slipway-seam-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  distribution = new InMemoryDistribution();
  const reporter = new RecordingReporter();
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

it('a cluster file that names a bundle is refused by a distribution that does not come in bundles', async () => {
  const { spec, ...rest } = input({ name: 'web', count: 1 });
  const wanted = { ...rest, spec: { ...spec, kubernetes: { ...spec.kubernetes, bundle: '/bundle' } } };
  await expect(apply(wanted)).rejects.toMatchObject({ code: 'NO_BUNDLES' });
  expect(distribution.nodes.size).toBe(0);
});

describe('the list of distributions', () => {
  it('has one for each that a cluster file may name, which the compiler sees to', async () => {
    // @ts-expect-error: `lke` is named and nothing implements it.
    const incomplete: Readonly<Record<DistributionName | 'lke', () => Promise<Distribution>>> = distributions;
    expect(Object.keys(incomplete)).toEqual(['k3s']);
    expect((await distributions.k3s()).name).toBe('k3s');
  });
});
