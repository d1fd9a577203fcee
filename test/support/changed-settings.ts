import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli, type Run } from './cli.js';

export const signal = new AbortController().signal;
export let cli: Cli;
export let path: string;

export interface Asked {
  readonly disable?: readonly string[];
  readonly servers?: number;
  readonly workers?: number;
  readonly version?: string;
  readonly network?: object;
}

/** Writes the cluster file. */
export const file = ({
  disable = [],
  servers = 3,
  workers = 2,
  version = 'v1.36.5+k3s1',
  network = {},
}: Asked = {}): void =>
  writeFileSync(
    path,
    stringify({
      name: 'demo',
      provider: { name: 'sandbox' },
      kubernetes: { version, disable },
      controlPlane: { count: servers },
      pools: [{ name: 'web', count: workers }],
      network,
    }),
  );
export const slipway = (...args: readonly string[]): Promise<Run> => cli.run(args);
export const plan = (...args: readonly string[]): Promise<Run> =>
  slipway('cluster', 'plan', '-f', path, '--detailed-exitcode', ...args);
export const apply = (env: Readonly<Record<string, string>> = {}): Promise<Run> =>
  cli.run(['cluster', 'apply', '-f', path, '--yes'], env);

export async function withKube<T>(work: (kube: Kube) => Promise<T>): Promise<T> {
  const kube = await openKube({
    kubeconfig: new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8')),
    boundary: openBoundary,
    clock: systemClock,
  });
  try {
    return await work(kube);
  } finally {
    kube.close();
  }
}
/** Whether the servers deploy metrics-server. */
export const isDeployed = (): Promise<boolean> =>
  withKube(async (kube) => {
    const metadata = { name: 'metrics-server-deployment', namespace: 'kube-system' };
    return (await kube.get({ apiVersion: 'k3s.cattle.io/v1', kind: 'Addon', metadata }, { signal })) !== undefined;
  });
/** By slot, whether a server was started without metrics-server. */
export const without = (): Promise<Record<string, boolean>> =>
  withKube(async (kube) =>
    Object.fromEntries(
      (await kube.nodes({ signal }))
        .filter(({ controlPlane }) => controlPlane)
        .map(({ name, annotations }) => [
          name.split('-').slice(1, 3).join('-'),
          annotations['k3s.io/node-args']!.includes('metrics-server'),
        ]),
    ),
  );
export async function create(size: Asked = {}): Promise<void> {
  file(size);
  const made = await slipway('cluster', 'create', '-f', path, '--yes');
  expect(made, made.err).toMatchObject({ code: 0 });
}
export const open = (): void => {
  cli = new Cli('0.03');
  path = join(cli.home, 'cluster.yaml');
};
