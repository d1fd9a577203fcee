import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli } from './cli.js';

export const cli = new Cli();
export const signal = new AbortController().signal;
export const path = join(cli.home, 'cluster.yaml');

export interface Server {
  readonly id: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly server_type: { readonly name: string };
}
export interface Status {
  readonly etcd: { readonly members: number; readonly voters: number };
  readonly machines: readonly { readonly name: string; readonly type: string; readonly node?: { ready: boolean } }[];
  readonly remarks: readonly string[];
}

export const slipway = (...args: string[]) => cli.run(args);
export const status = async (): Promise<Status> =>
  JSON.parse((await slipway('cluster', 'status', 'demo', '--json')).out) as Status;
export const errorOf = async (...args: string[]) => {
  const { code, out } = await slipway(...args, '--json');
  const { error } = JSON.parse(out) as { error: { code: string; message: string; hint: string; details: string[] } };
  return { exit: code, ...error };
};
export const isWeb = ({ labels }: Server): boolean => labels['slipway.dev/pool'] === 'web';
/** The generation of the machine in each place, the youngest where there are two. */
export const generations = async (): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await cli.cloud<Server>('servers'))
      .map(
        ({ labels }) =>
          [
            `${labels['slipway.dev/pool']}-${labels['slipway.dev/slot']}`,
            Number(labels['slipway.dev/generation']),
          ] as const,
      )
      .sort(),
  );
export const younger = (before: Record<string, number>, places = Object.keys(before)): Record<string, number> =>
  Object.fromEntries(Object.entries(before).map(([place, age]) => [place, age + (places.includes(place) ? 1 : 0)]));
export const kubeNow = async (): Promise<Kube> => {
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
};
export const boundary = (order: object) => ({ SLIPWAY_TEST_BOUNDARY: JSON.stringify([order]) });

beforeAll(async () => {
  writeFileSync(
    path,
    `name: demo # of the shop
provider: {name: sandbox, locations: [fsn1, nbg1]}
controlPlane: {count: 3, locations: [fsn1]}
pools:
  - {name: web, type: cax21, count: 2, locations: [fsn1]} # customers
components: {preset: none, hcloud-csi: true}
`,
  );
  const created = await slipway('cluster', 'create', '-f', path, '--yes');
  expect(created, created.err).toMatchObject({ code: 0 });
}, 240_000);
afterAll(() => cli.close());

/** A recycling of one pool is killed at a point, and run again. */
export async function finishesWhenKilled(pool: 'cp' | 'web', order: object): Promise<void> {
  const before = await generations();
  const recycle = ['cluster', 'recycle', 'demo', '--pool', pool, '--yes'];
  const killed = await cli.run(recycle, boundary(order));
  expect(killed.code, killed.err).not.toBe(0);
  const again = await cli.run(recycle);
  expect(again, again.err).toMatchObject({ code: 0 });
  expect(await generations()).toEqual(
    younger(
      before,
      Object.keys(before).filter((place) => place.startsWith(pool)),
    ),
  );
  expect((await status()).etcd).toMatchObject({ members: 3, voters: 3 });
  expect(await cli.cloud('servers')).toHaveLength(5);
}
