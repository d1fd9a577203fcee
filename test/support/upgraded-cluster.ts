import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Channels } from './channels.js';
import { Cli, type Run } from './cli.js';

export const signal = new AbortController().signal;
export let cli: Cli;
export let source: Channels;

/** Until it is whole: on a busy computer a kubelet of the sandbox may count as lost for a while, and a chart's job with it. */
export async function created(args: readonly string[]): Promise<void> {
  let made = await cli.run(['cluster', 'create', ...args, '--yes']);
  for (let more = 3; more > 0 && made.err.includes('COMPONENT_FAILED'); more -= 1)
    made = await cli.run(['cluster', 'create', ...args, '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}

export async function create(version: string, controlPlanes: number, workers: number): Promise<Kube> {
  const describing = ['--control-planes', String(controlPlanes), '--workers', String(workers)];
  await created(['demo', '--provider', 'sandbox', '--kubernetes-version', version, ...describing]);
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
}

export const upgrade = (
  to: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Run> => cli.run(['cluster', 'upgrade', 'demo', '--to', to, '--yes', ...args], { ...source.env, ...env });

/** Slots by what their nodes run. */
export async function versions(kube: Kube): Promise<Record<string, string>> {
  const nodes = await kube.nodes({ signal });
  return Object.fromEntries(
    nodes.map(({ name, version }) => [name.split('-').slice(1, 3).join('-'), version]).sort() as [string, string][],
  );
}

/** Nodes that do not take pods as they did before. */
export const hindered = async (kube: Kube): Promise<string[]> =>
  (await kube.nodes({ signal })).flatMap(({ name, schedulable, taints, annotations, ready }) =>
    ready &&
    schedulable &&
    taints.every(({ key }) => !key.startsWith('slipway.dev')) &&
    annotations['slipway.dev/upgrading-from'] === undefined
      ? []
      : [name],
  );

export const all = (kube: Kube, version: string) =>
  expect(versions(kube).then((found) => new Set(Object.values(found)))).resolves.toEqual(new Set([version]));

export async function deploy(
  kube: Kube,
  name: string,
  { replicas = 2, budgets = [] as readonly object[] },
): Promise<void> {
  const selector = { matchLabels: { app: name } };
  const metadata = { name, namespace: 'default' };
  const template = {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: 'web', image: 'nginx:1' }] },
  };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata };
  await kube.apply({ ...deployment, spec: { replicas, selector, template } }, { signal });
  for (const [index, budget] of budgets.entries()) {
    const spec = { ...budget, selector };
    const named = { name: `${name}-${index + 1}`, namespace: 'default' };
    await kube.apply({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: named, spec }, { signal });
  }
  await expect
    .poll(async () => (await kube.get(deployment, { signal }))?.['status'], { timeout: 20_000 })
    .toMatchObject({ readyReplicas: replicas });
}

beforeEach(async () => {
  cli = new Cli();
  source = new Channels();
  await source.open();
});
afterEach(async () => {
  source.close();
  await cli.close();
});

export interface Said {
  readonly type: string;
  readonly id?: string;
  readonly text?: string;
}
export const said = ({ err }: Run): readonly Said[] =>
  err.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Said] : []));
