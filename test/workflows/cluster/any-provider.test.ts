import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { MemoryCloud } from '../../../docs/examples/provider/cloud.js';
import { createMemoryProvider } from '../../../docs/examples/provider/provider.js';
import { clusterSchema } from '../../../src/config/cluster-schema.js';
import type { ProviderPackage } from '../../../src/provider/package.js';
import { createRuntime } from '../../../src/runtime/context.js';
import { builtInProviders } from '../../../src/runtime/providers.js';
import { deleteCluster } from '../../../src/workflows/cluster/delete.js';
import { listClusters } from '../../../src/workflows/cluster/list.js';
import { planChanges, reconcile } from '../../../src/workflows/cluster/reconcile.js';
import { clusterStatus } from '../../../src/workflows/cluster/status.js';
import { RecordingReporter } from '../../support/recording-reporter.js';
import { SimulatedComputers } from '../../support/simulated-computers.js';

const home = mkdtempSync(join(tmpdir(), 'slipway-memory-'));
const computers = new SimulatedComputers(0.01);
afterAll(() => {
  computers.close();
  rmSync(home, { recursive: true, force: true });
});

it('a provider of one folder and one line makes, grows and deletes a whole cluster, named in the cluster file alone', async () => {
  const cloud = new MemoryCloud(computers);
  // The folder is docs/examples/provider, and this is the one line.
  const memory = async (): Promise<ProviderPackage> => ({
    name: 'memory',
    title: 'the cloud in memory',
    ownsMachines: true,
    tokenVariable: 'MEMORY_TOKEN',
    codes: {},
    open: async ({ clock, boundary }) => ({
      ...createMemoryProvider({ cloud, clock, boundary }),
      forward: (address: string, port: number) => computers.forward(address, port),
    }),
  });
  const reporter = new RecordingReporter();
  const signal = new AbortController().signal;
  const env = { HOME: home, SLIPWAY_HOME: join(home, 'ws'), MEMORY_TOKEN: 'any' };
  const context = await createRuntime({ reporter, signal, env, providers: { ...builtInProviders, memory } });
  expect((await context.candidates()).map(({ name }) => name)).toEqual(['memory']);
  const input = (workers: number) => ({
    spec: clusterSchema.parse({
      name: 'demo',
      provider: { name: 'memory' },
      controlPlane: { count: 3 },
      pools: [{ name: 'web', count: workers }],
      ssh: { allow: ['0.0.0.0/0'] },
      kubernetes: { api: { allow: ['0.0.0.0/0'] } },
    }),
    recordedFileExists: false,
  });

  const planned = await planChanges(context, input(1));
  expect(planned.monthly?.amount).toBeGreaterThan(0);
  expect(cloud.machines.size + cloud.resources.size).toBe(0);

  const created = await reconcile(context, input(1), 'cluster create', 'slipway cluster create demo');
  expect(created).toMatchObject({ provider: 'memory', simulated: [] });
  expect(computers.names().sort()).toEqual(created.machines.map(({ name }) => name).sort());
  expect([...cloud.resources.values()].map(({ name }) => name)).toEqual([
    'demo-ssh-key',
    'demo-network',
    'demo-firewall',
  ]);

  const status = await clusterStatus(context, 'demo');
  expect(status).toMatchObject({ api: { reachable: true }, etcd: { members: 3, voters: 3 }, differs: [] });
  expect((await listClusters(context)).map(({ name }) => name)).toEqual(['demo']);
  expect(await reconcile(context, input(1), 'cluster create', 'again')).toMatchObject({ changed: 0 });

  const grown = await reconcile(context, input(2), 'cluster apply', 'slipway cluster apply demo');
  expect(grown.machines.filter(({ pool }) => pool === 'web')).toHaveLength(2);

  const deleted = await deleteCluster(
    context,
    { name: 'demo', deleteVolumes: false, dropFromUserKubeconfig: async () => {} },
    'slipway cluster delete demo',
  );
  expect(deleted).toMatchObject({ removed: { machines: 5 }, left: { machines: 0, infrastructure: 0 } });
  expect(cloud.machines.size + cloud.resources.size).toBe(0);
  expect(computers.names()).toEqual([]);
  await context.dispose();
});
