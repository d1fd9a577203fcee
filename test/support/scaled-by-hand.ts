import { afterEach, beforeEach, expect } from 'vitest';

import { Cli, type Run } from './cli.js';

export let cli: Cli;

beforeEach(() => void (cli = new Cli()));
afterEach(() => cli.close());

export async function create(controlPlanes: number, workers: number): Promise<void> {
  const counts = ['--control-planes', String(controlPlanes), '--workers', String(workers)];
  const created = await cli.run(['cluster', 'create', 'demo', ...counts, '--yes', '--json']);
  expect(created, created.err).toMatchObject({ code: 0 });
}

export const scale = (count: number): Promise<Run> =>
  cli.run(['pool', 'scale', 'workers', '-c', 'demo', '--count', String(count), '--yes', '--json']);
/** Of the machines that there are. */
export const names = async (): Promise<readonly string[]> =>
  (await cli.cloud('servers')).map(({ name }) => name).sort();
