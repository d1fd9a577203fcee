import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli } from './cli.js';

export const cli = new Cli();
export const path = join(cli.home, 'cluster.yaml');
export const signal = new AbortController().signal;

export interface Server {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly server_type: { readonly name: string };
  readonly location: { readonly name: string };
}
export interface Step {
  readonly id: string;
  readonly target: string;
  readonly text: string;
}

export interface Asked {
  readonly servers?: number;
  readonly server?: string;
  readonly web?: string;
  readonly workers?: number;
  readonly location?: string;
  readonly image?: string;
}
export const kept: Asked = {
  servers: 3,
  server: 'cax21',
  web: 'cax21',
  workers: 2,
  location: 'fsn1',
  image: 'ubuntu-26.04',
};
let asked = kept;
/** Writes the cluster file; what is not said stays as it was. */
export function file(change: Asked = {}): void {
  asked = { ...asked, ...change };
  const { servers: count, server: type, web, workers, location, image } = asked;
  const pools = [{ name: 'web', type: web, count: workers, locations: [location] }];
  const provider = { name: 'sandbox', locations: ['fsn1', 'nbg1'] };
  writeFileSync(
    path,
    stringify({ name: 'demo', provider, controlPlane: { count, type, locations: ['fsn1'] }, pools, image }),
  );
}

export const slipway = (...args: string[]) => cli.run(args);
export const answer = async <T>(...args: string[]): Promise<T> => {
  const run = await slipway(...args, '--json');
  expect(run, run.err).toMatchObject({ code: 0 });
  return JSON.parse(run.out) as T;
};
export const refusal = async (...args: string[]) => {
  const { code, out } = await slipway(...args, '--json');
  const { error } = JSON.parse(out) as { error: { code: string; message: string; hint: string; details: string[] } };
  return { exit: code, ...error };
};
/** Place, type and location of every machine. */
export const machines = async (): Promise<readonly string[]> =>
  (await cli.cloud<Server>('servers'))
    .map(
      ({ labels, server_type, location }) =>
        `${labels['slipway.dev/pool']}-${labels['slipway.dev/slot']} ${server_type.name} ${location.name}`,
    )
    .sort();
export const names = async (): Promise<readonly string[]> =>
  (await cli.cloud<Server>('servers')).map(({ name }) => name).sort();
export const etcd = async () => (await answer<{ etcd: object }>('cluster', 'status', 'demo')).etcd;
export const steps = async (...args: string[]) =>
  (await answer<{ steps: readonly Step[] }>(...args)).steps.map(({ target, text }) => `${target}: ${text}`);
export const isDone = async () =>
  expect(await slipway('cluster', 'plan', 'demo', '--detailed-exitcode')).toMatchObject({ code: 0 });
export const kubeNow = async (): Promise<Kube> => {
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
};

beforeAll(async () => {
  file();
  const created = await slipway('cluster', 'create', '-f', path, '--yes');
  expect(created, created.err).toMatchObject({ code: 0 });
}, 240_000);
afterAll(() => cli.close());

/** An apply that replaces machines is killed at a point, and run again. */
export async function replacesWhenKilled(change: Asked, order: object): Promise<void> {
  file({ ...change, workers: 2 });
  const apply = ['cluster', 'apply', 'demo', '--yes'];
  const killed = await cli.run(apply, { SLIPWAY_TEST_BOUNDARY: JSON.stringify([order]) });
  expect(killed.code, killed.err).not.toBe(0);
  const again = await cli.run(apply);
  expect(again, again.err).toMatchObject({ code: 0 });
  const { server, web, location } = asked;
  expect(await machines()).toEqual([
    ...['cp-1', 'cp-2', 'cp-3'].map((place) => `${place} ${server} fsn1`),
    ...['web-1', 'web-2'].map((place) => `${place} ${web} ${location}`),
  ]);
  expect(await etcd()).toMatchObject({ members: 3, voters: 3 });
  await isDone();
}
