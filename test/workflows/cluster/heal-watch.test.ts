import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { clusterSchema } from '../../../src/config/cluster-schema.js';
import { diffMachines, labelKeys, type Machine } from '../../../src/domain/index.js';
import { IncompleteError } from '../../../src/errors/index.js';
import { rentedTraits } from '../../../src/provider/kit/rented.js';
import type { MachineProvider } from '../../../src/provider/port.js';
import { createRuntime } from '../../../src/runtime/context.js';
import { watchCluster } from '../../../src/workflows/cluster/heal/watch.js';
import { ownKubeconfig } from '../../../src/workspace/own-kubeconfig.js';
import { InMemoryDistribution } from '../../distributions/in-memory.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RecordingReporter } from '../../support/recording-reporter.js';

const defaults = { controlPlaneType: 'small', workerType: 'small', location: 'here', image: 'none' };
const spec = clusterSchema.parse({ name: 'demo', provider: { name: 'x' }, pools: [{ name: 'web', count: 50 }] });
const cluster = { name: 'demo', id: 'abc' };
const machines = diffMachines(cluster, spec, defaults, []).desired.map((machine) => ({
  ...machine,
  id: machine.name,
  type: 'small',
  status: 'unknown',
})) as unknown as readonly Machine[];
const limited = (): never => {
  throw new IncompleteError('rate_limit_exceeded', { code: 'HETZNER_RATE_LIMIT_EXCEEDED', hint: 'Wait.' });
};

it.each<[string, () => readonly Machine[]]>([
  ['all of fifty machines are well', () => machines],
  ['it limits requests', limited],
])('`cluster heal --watch` asks its provider one thing every 5 s while %s', async (_, answer) => {
  const home = mkdtempSync(join(tmpdir(), 'slipway-watch-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const [clock, abort, reporter] = [new FakeClock(), new AbortController(), new RecordingReporter()];
  const runtime = await createRuntime({ reporter, signal: abort.signal, env: { HOME: home, SLIPWAY_HOME: home } });
  onTestFinished(() => runtime.dispose());
  const asked: { readonly what: string; readonly at: number }[] = [];
  const counted = (what: string, work: () => unknown): unknown => {
    asked.push({ what, at: clock.monotonic() });
    if (asked.length === 20) abort.abort();
    return work();
  };
  // Whatever else is asked of it is counted, too.
  const provider = new Proxy(
    {
      name: 'x',
      title: 'X',
      defaults,
      traits: { ...rentedTraits, ownsMachines: false },
      machines: { list: async () => counted('machines.list', answer) },
    } as unknown as MachineProvider,
    {
      get: (target, key: string): unknown =>
        key in target || key === 'then'
          ? Reflect.get(target, key)
          : () => counted(key, () => Promise.reject(new Error(`${key} is not to be asked`))),
    },
  );
  const distribution = new InMemoryDistribution();
  const context = {
    ...runtime,
    clock,
    provider: () => Promise.resolve(provider),
    distribution: () => Promise.resolve(distribution),
    openApi: () => Promise.resolve(distribution.api),
  };
  const folder = runtime.workspace.cluster('demo');
  await folder.saveRecord({ ...cluster, spec, createdAt: '2026-11-20T10:00:00Z', file: undefined });
  const policy = { off: new Set<string>(), rebootAfterMs: 180_000, replaceAfterMs: 300_000, maxWorkersDown: '40%' };

  expect(await watchCluster(context, { cluster: 'demo', ...policy }, 'again')).toEqual({ cluster: 'demo', rounds: 0 });
  expect(asked.map(({ what }) => what)).toEqual(Array.from({ length: 20 }, () => 'machines.list'));
  const gaps = asked.slice(1).map(({ at }, index) => at - asked[index]!.at);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(5_000);
});

it('`cluster heal --watch` leaves pools at their size for a while where prices are limited, and goes on looking for what is lost', async () => {
  const home = mkdtempSync(join(tmpdir(), 'slipway-watch-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const [clock, abort, reporter] = [new FakeClock(), new AbortController(), new RecordingReporter()];
  const runtime = await createRuntime({ reporter, signal: abort.signal, env: { HOME: home, SLIPWAY_HOME: home } });
  onTestFinished(() => runtime.dispose());
  const scaled = clusterSchema.parse({
    name: 'demo',
    provider: { name: 'x' },
    pools: [{ name: 'web', autoscale: { min: 1, max: 3 } }],
  });
  const there = diffMachines(cluster, scaled, defaults, []).desired.map((machine) => ({
    ...machine,
    id: machine.name,
    type: 'small',
    status: 'running',
  })) as unknown as readonly Machine[];
  const started = clock.monotonic();
  const asked: Record<'list' | 'catalog', number[]> = { list: [], catalog: [] };
  const provider = {
    name: 'x',
    title: 'X',
    defaults,
    traits: rentedTraits,
    machines: {
      list: async () => {
        asked.list.push(clock.monotonic() - started);
        if (asked.list.length === 60) abort.abort();
        return there;
      },
    },
    catalog: async () => {
      asked.catalog.push(clock.monotonic() - started);
      return limited();
    },
  } as unknown as MachineProvider;
  const distribution = new InMemoryDistribution();
  for (const { name, pool } of there)
    distribution.nodes.set(name, {
      name,
      ready: true,
      version: 'v1.36.5+k3s1',
      schedulable: true,
      controlPlane: pool === 'cp',
      conditions: {},
      address: undefined,
      providerId: undefined,
      labels: { [labelKeys.pool]: pool },
      annotations: {},
      taints: [],
      createdAt: '',
    });
  const waiting = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'default', uid: 'a' },
    spec: { containers: [{}] },
    status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] },
  };
  const api = {
    ...distribution.api,
    kube: { ...distribution.api.kube, list: async (_: string, kind: string) => (kind === 'Pod' ? [waiting] : []) },
  };
  const context = {
    ...runtime,
    clock,
    provider: () => Promise.resolve(provider),
    distribution: () => Promise.resolve(distribution),
    openApi: () => Promise.resolve(api as unknown as typeof distribution.api),
  };
  const folder = runtime.workspace.cluster('demo');
  await folder.saveRecord({ ...cluster, spec: scaled, createdAt: '2026-11-20T10:00:00Z', file: undefined });
  const authority = { 'certificate-authority-data': 'Q0E=' };
  const servers = ['https://api.example'];
  await folder.saveKubeconfig(ownKubeconfig({ cluster: 'demo', servers, authority, user: { token: 'secret' } }));
  const policy = { off: new Set<string>(), rebootAfterMs: 180_000, replaceAfterMs: 300_000, maxWorkersDown: '40%' };
  const pace = { growAfterMs: 30_000, shrinkAfterMs: 600_000 };

  await watchCluster(context, { cluster: 'demo', ...policy, pace }, 'again');
  // The pod has waited for 30 s; then a minute's pause, then two.
  expect(asked.catalog).toEqual([30_000, 90_000, 210_000]);
  const gaps = asked.list.slice(1).map((at, index) => at - asked.list[index]!);
  expect(new Set(gaps)).toEqual(new Set([5_000]));
  const said = reporter.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  expect(said.filter((text) => text.startsWith('Pools are left at their size'))).toEqual([
    'Pools are left at their size for 60 s: rate_limit_exceeded Wait.',
    'Pools are left at their size for 120 s: rate_limit_exceeded Wait.',
    'Pools are left at their size for 240 s: rate_limit_exceeded Wait.',
  ]);
});
