import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
const signal = new AbortController().signal;
let kube: Kube;

const file = (workers: number): void =>
  writeFileSync(
    join(cli.home, 'cluster.yaml'),
    `name: demo\nprovider: {name: sandbox}\ncontrolPlane: {count: 1}\npools: [{name: web, count: ${workers}}]\n`,
  );
const apply = ['cluster', 'apply', '-f', 'cluster.yaml', '--yes'];
const cordoned = async (): Promise<string[]> =>
  (await kube.nodes({ signal })).flatMap(({ name, schedulable }) => (schedulable ? [] : [name]));

/** Two pods that only the second worker may run, of which a budget keeps one. */
async function holdSecondWorker(): Promise<string> {
  const node = (await kube.nodes({ signal })).find(({ name }) => name.startsWith('demo-web-2'))!.name;
  const labels = { app: 'web' };
  const metadata = { name: 'web', namespace: 'default' };
  const pod = {
    nodeSelector: { 'kubernetes.io/hostname': node },
    containers: [{ name: 'web', image: 'nginx:1' }],
  };
  const selector = { matchLabels: labels };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata };
  const template = { metadata: { labels }, spec: pod };
  await kube.apply({ ...deployment, spec: { replicas: 2, selector, template } }, { signal });
  const spec = { minAvailable: 1, selector };
  await kube.apply({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec }, { signal });
  await expect
    .poll(async () => (await kube.get(deployment, { signal }))?.['status'])
    .toMatchObject({ readyReplicas: 2 });
  return node;
}

/** Asks for one worker and stops the run by a signal once its drain is held. */
async function stopDrain(by: 'SIGINT' | 'SIGKILL'): Promise<number | undefined> {
  file(1);
  const running = cli.start([...apply, '--progress', 'json']);
  let said = '';
  running.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said).toMatch(/step-progress.*held by PodDisruptionBudget web/);
  running.kill(by);
  return (await running).exitCode;
}

beforeAll(async () => {
  file(2);
  expect(await cli.run(['cluster', 'create', '-f', 'cluster.yaml', '--yes'])).toMatchObject({ code: 0 });
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
});
afterAll(async () => {
  kube?.close();
  await cli.close();
});

describe('a drain that a budget holds', () => {
  it('stopped by Ctrl-C leaves its node uncordoned', async () => {
    await holdSecondWorker();
    expect(await stopDrain('SIGINT')).toBe(130);
    expect(await cordoned()).toEqual([]);
  });

  it('killed leaves its node cordoned, and the next run that keeps the node says so and uncordons it', async () => {
    const node = await holdSecondWorker();
    expect(await stopDrain('SIGKILL')).toBeUndefined();
    expect(await cordoned()).toEqual([node]);
    file(2);
    const { out } = await cli.run(['cluster', 'plan', '-f', 'cluster.yaml']);
    expect(out).toMatch(/~ web-2 +uncordon it: a run that was to remove it was stopped/);
    expect(await cli.run(apply)).toMatchObject({ code: 0 });
    expect(await cordoned()).toEqual([]);
  });
});
