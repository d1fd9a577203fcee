import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { clusterSchema } from '../../../src/config/cluster-schema.js';
import { diffMachines, type Machine } from '../../../src/domain/index.js';
import { IncompleteError } from '../../../src/errors/index.js';
import { rentedTraits } from '../../../src/provider/kit/rented.js';
import type { MachineProvider } from '../../../src/provider/port.js';
import { createRuntime } from '../../../src/runtime/context.js';
import { watchCluster } from '../../../src/workflows/cluster/heal/watch.js';
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
