import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect } from 'vitest';

import { Cli, type Run } from './cli.js';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly details?: readonly string[];
}
export interface Adopted {
  readonly id: string;
  readonly steps: readonly { readonly id: string; readonly target: string; readonly text: string }[];
  readonly damages: readonly string[];
  readonly leftOut: readonly { readonly machine: string; readonly because: string }[];
}

export let cli: Cli;
export let folder: string;
export let kept: string;
export let machines: readonly string[];

beforeAll(async () => {
  cli = new Cli();
  folder = join(cli.home, 'ws', 'clusters', 'demo');
  kept = join(cli.home, 'kept');
  const args = ['cluster', 'create', 'demo', '--control-planes', '3', '--workers', '1', '--yes'];
  const created = await cli.run(args);
  expect(created, created.err).toMatchObject({ code: 0 });
  machines = (await cli.cloud('servers')).map(({ name }) => name);
  cpSync(folder, kept, { recursive: true });
});
afterAll(() => cli.close());
/** Each test begins with the workspace as `cluster create` left it. */
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(kept, folder, { recursive: true });
});

export const failureOf = (run: Run): Failure => (JSON.parse(run.out) as { readonly error: Failure }).error;

export async function adopt(...args: string[]): Promise<Adopted> {
  const run = await cli.run(['cluster', 'adopt', 'demo', ...args, '--yes', '--json']);
  expect(run, run.err).toMatchObject({ code: 0 });
  return JSON.parse(run.out) as Adopted;
}

/** Whether this workspace works as the one that was lost. */
export async function worksAgain(): Promise<void> {
  const planned = await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode']);
  expect(planned, planned.out + planned.err).toMatchObject({ code: 0 });
  const status = await cli.run(['cluster', 'status', 'demo', '--exit-code']);
  expect(status, status.out + status.err).toMatchObject({ code: 0 });
  // It logs in to every machine.
  const again = await cli.run(['cluster', 'adopt', 'demo']);
  expect(again, again.err).toMatchObject({ code: 0, out: expect.stringContaining('nothing was changed') as string });
}

/** Runs a command that fails, then the `slipway cluster adopt` that its hint names, and looks whether all is well. */
export async function walkTheHint(code: string, ...args: string[]): Promise<Adopted> {
  const failed = await cli.run(args);
  expect(failed.err).toContain(`Code: ${code}`);
  const [, hint = ''] = /^Next: (.*)$/m.exec(failed.err) ?? [];
  const named = /slipway cluster adopt(?: demo|` with the cluster’s name)(?: --provider sandbox)?/.exec(hint);
  expect(named, hint).not.toBeNull();
  const adopted = await adopt();
  await worksAgain();
  return adopted;
}

/** Without the provider's own copy of the SSH key, which another test may have replaced. */
export const stepIds = ({ steps }: Adopted): string[] =>
  steps.map(({ id }) => id).filter((id) => id !== 'provider-key');
export const file = (name: string): string => join(folder, name);
