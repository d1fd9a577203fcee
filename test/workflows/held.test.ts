import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { clusterSchema } from '../../src/config/cluster-schema.js';
import { createRuntime } from '../../src/runtime/context.js';
import { confirmed } from '../../src/workflows/confirmed.js';
import { held, locked } from '../../src/workflows/run.js';
import { RecordingReporter } from '../support/recording-reporter.js';

it('what is done by one who holds a cluster takes part in that, and everybody else waits until it is given back', async () => {
  const home = mkdtempSync(join(tmpdir(), 'slipway-held-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const reporter = new RecordingReporter();
  const context = await createRuntime({
    reporter,
    signal: new AbortController().signal,
    env: { HOME: home, SLIPWAY_HOME: home },
  });
  onTestFinished(() => context.dispose());
  const folder = context.workspace.cluster('demo');
  const spec = clusterSchema.parse({ name: 'demo', provider: { name: 'x' } });
  await folder.saveRecord({ name: 'demo', id: 'abc', spec, createdAt: '2026-11-20T10:00:00Z', file: undefined });
  const work = (): Promise<string> => Promise.resolve('done');
  const change = {
    folder,
    operation: 'cluster apply',
    retryCommand: 'again',
    draft: () => Promise.resolve({ steps: [] }),
    confirmation: () => Promise.resolve(undefined),
  };

  const operation = await held(context, folder, 'maintain');
  const within = { ...context, held: { cluster: 'demo', operation } };
  expect(await locked(within, folder, 'cluster rotate-certs', work)).toBe('done');
  expect(await confirmed(within, change, work)).toBe('done');
  await expect(locked(context, folder, 'cluster heal', work)).rejects.toMatchObject({ code: 'CLUSTER_BUSY' });
  await expect(confirmed(context, change, work)).rejects.toMatchObject({ code: 'CLUSTER_BUSY' });
  expect(await folder.holder()).toMatchObject({ operation: 'maintain' });
  const other = { ...context, held: { cluster: 'other', operation } };
  await expect(locked(other, folder, 'cluster heal', work)).rejects.toMatchObject({ code: 'CLUSTER_BUSY' });

  await operation.end();
  expect(await locked(context, folder, 'cluster heal', work)).toBe('done');
});
