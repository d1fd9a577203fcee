import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli, type Run } from './cli.js';

export const signal = new AbortController().signal;
export let cli: Cli;

beforeEach(() => void (cli = new Cli()));
afterEach(() => cli.close());

export const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> => {
  const result = await cli.run(args, env);
  expect(result, `${args.join(' ')}\n${result.err}`).toMatchObject({ code: 0 });
  return result;
};
export const create = (controlPlanes: number, workers: number, ...more: string[]): Promise<Run> =>
  run([
    ...['cluster', 'create', 'demo', '--provider', 'sandbox', '--control-planes', String(controlPlanes)],
    ...['--workers', String(workers), '--components', 'none', '--yes', ...more],
  ]);
export const backUp = async (): Promise<string> =>
  (JSON.parse((await run(['backup', 'create', 'demo', '--json'])).out) as { id: string }).id;
export const restore = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Run> =>
  cli.run(['cluster', 'restore', 'demo', '--yes', ...args], env);
export const api = (): Promise<Kube> => {
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
};
export const configMap = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
});
export const put = async (name: string): Promise<void> => {
  await (await api()).apply({ ...configMap(name), data: { it: 'is' } }, { signal });
};
export const has = async (name: string): Promise<boolean> =>
  (await (await api()).get(configMap(name), { signal })) !== undefined;
/** `cp-1`, `workers-2`, each Ready. */
export const readyNodes = async (): Promise<string[]> =>
  (await (await api()).nodes({ signal }))
    .filter(({ ready }) => ready)
    .map(({ name }) => name.split('-').slice(1, 3).join('-'))
    .sort();

/** Each node is of the machine that has its name now: the cloud controller removes a node whose machine it cannot find. */
export const nodesAreOfTheirMachines = async (): Promise<void> => {
  const machines = await cli.cloud<{ id: number; name: string }>('servers');
  const nodes = await (await api()).nodes({ signal });
  expect(nodes.map(({ name, providerId }) => [name, providerId]).sort()).toEqual(
    machines.map(({ id, name }) => [name, `hcloud://${id}`]).sort(),
  );
};

export const deleteMachines = async (which: RegExp): Promise<void> => {
  const { endpoint, info } = await cli.sandbox();
  for (const { id, name } of await cli.cloud<{ id: number; name: string }>('servers')) {
    if (!which.test(name)) continue;
    await fetch(`${endpoint}/servers/${id}`, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${info.cloudToken}` },
    });
  }
  await expect
    .poll(async () => (await cli.cloud<{ name: string }>('servers')).filter(({ name }) => which.test(name)))
    .toEqual([]);
};
export const power = async (which: RegExp, how: 'poweroff' | 'poweron'): Promise<void> => {
  const { endpoint, info } = await cli.sandbox();
  for (const { id, name } of await cli.cloud<{ id: number; name: string }>('servers'))
    if (which.test(name))
      await fetch(`${endpoint}/servers/${id}/actions/${how}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${info.cloudToken}` },
      });
  const status = how === 'poweroff' ? 'off' : 'running';
  await expect
    .poll(async () =>
      (await cli.cloud<{ name: string; status: string }>('servers'))
        .filter(({ name }) => which.test(name))
        .map((one) => one.status),
    )
    .toSatisfy((all: string[]) => all.every((one) => one === status));
};
/** k3s stops on all servers, whose data stay. */
export const stopServers = async (count: number): Promise<void> => {
  for (let n = 1; n <= count; n += 1) await run(['cluster', 'ssh', 'demo', `cp-${n}`, '--', 'systemctl stop k3s']);
};
export const killedAt = (when: string, kind: string, what: string): Record<string, string> => ({
  SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ when, kind, what, act: 'kill' }]),
});

/** A restore of the only server is killed at a point, and run again. */
export async function restoresWhenKilled(env: Readonly<Record<string, string>>): Promise<void> {
  await create(1, 1);
  await put('before');
  await backUp();
  await deleteMachines(/-cp-/);
  expect((await restore([], env)).code).toBe(137);
  const record = readFileSync(join(cli.home, 'ws/clusters/demo/record.json'), 'utf8');
  if (record.includes('"restored": false')) {
    const applied = await cli.run(['cluster', 'apply', 'demo', '--yes']);
    expect(applied).toMatchObject({ code: 3, err: expect.stringContaining('RESTORE_UNFINISHED') as string });
  }
  const done = await restore();
  expect(done, done.err).toMatchObject({ code: 0 });
  expect(await has('before')).toBe(true);
  expect(await readyNodes()).toEqual(['cp-1', 'workers-1']);
  expect(await cli.cloud('servers')).toHaveLength(2);
  expect(readFileSync(join(cli.home, 'ws/clusters/demo/record.json'), 'utf8')).not.toContain('"restore"');
}
