import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
const signal = new AbortController().signal;
beforeAll(async () => {
  await cli.run(['sandbox', 'start']);
});
afterAll(() => cli.close());

const order = (orders: object): Promise<void> => cli.order(orders);
const file = (name: string, servers: number, pools: Readonly<Record<string, number>>): void =>
  writeFileSync(
    join(cli.home, `${name}.yaml`),
    [
      `name: ${name}`,
      'provider: {name: sandbox}',
      `controlPlane: {count: ${servers}}`,
      'pools:',
      ...Object.entries(pools).map(([pool, count]) => `  - {name: ${pool}, count: ${count}}`),
      '',
    ].join('\n'),
  );
const apply = (name: string) => cli.run(['cluster', 'apply', '-f', `${name}.yaml`, '--yes']);
/** `cp-1`, … of every server of the account. */
const machines = async (): Promise<string[]> =>
  (await cli.cloud<{ name: string; labels: Record<string, string> }>('servers'))
    .map(({ labels }) => `${labels['slipway.dev/pool']}-${labels['slipway.dev/slot']}`)
    .sort();

describe('at the account’s limit', () => {
  let current = '';
  const begin = (name: string): string => (current = name);
  afterEach(async () => {
    await order({ clear: true });
    expect(await cli.run(['cluster', 'delete', current, '--yes', '--confirm', current])).toMatchObject({ code: 0 });
  });

  it('control planes take the places, and the cluster is finished with fewer workers', async () => {
    const name = begin('less');
    await order({ serverLimit: 4 });
    file(name, 3, { web: 3 });
    const stopped = await cli.run(['cluster', 'create', '-f', `${name}.yaml`, '--yes']);
    expect(stopped).toMatchObject({ code: 4, err: expect.stringContaining('to finish with less') as string });
    // Whichever worker was quickest.
    expect(await machines()).toEqual(['cp-1', 'cp-2', 'cp-3', expect.stringMatching(/^web-[123]$/)]);
    file(name, 3, { web: 1 });
    expect(await apply(name)).toMatchObject({ code: 0, err: expect.not.stringContaining('Error') as string });
    expect(await machines()).toEqual(['cp-1', 'cp-2', 'cp-3', 'web-1']);
    expect((await cli.run(['cluster', 'plan', '-f', `${name}.yaml`, '--detailed-exitcode'])).code).toBe(0);
  });

  it('excess workers leave first where nothing else makes room for new servers', async () => {
    const name = begin('swap');
    await order({ serverLimit: 4 });
    file(name, 1, { web: 3 });
    expect(await apply(name)).toMatchObject({ code: 0, err: expect.not.stringContaining('Error') as string });
    file(name, 3, { web: 1 });
    expect(await apply(name)).toMatchObject({ code: 0, err: expect.not.stringContaining('Error') as string });
    expect(await machines()).toEqual(['cp-1', 'cp-2', 'cp-3', 'web-1']);
    expect((await cli.run(['cluster', 'plan', '-f', `${name}.yaml`, '--detailed-exitcode'])).code).toBe(0);
  });

  it('a pool that takes another’s place takes its machines’ places too', async () => {
    const name = begin('pools');
    await order({ serverLimit: 3 });
    file(name, 1, { old: 2 });
    expect(await apply(name)).toMatchObject({ code: 0, err: expect.not.stringContaining('Error') as string });
    file(name, 1, { new: 2 });
    expect(await apply(name)).toMatchObject({ code: 0, err: expect.not.stringContaining('Error') as string });
    expect(await machines()).toEqual(['cp-1', 'new-1', 'new-2']);
  });

  it('says in the plan and while it waits what holds the machine that makes room, and goes on after Ctrl-C', async () => {
    const name = begin('tight');
    await order({ serverLimit: 2 });
    file(name, 1, { old: 1 });
    expect(await apply(name)).toMatchObject({ code: 0, err: expect.not.stringContaining('Error') as string });
    const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters', name, 'kubeconfig'), 'utf8'));
    const kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
    try {
      const labels = { app: 'web' };
      const metadata = { name: 'web', namespace: 'default' };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'nginx:1' }] } };
      const selector = { matchLabels: labels };
      await kube.apply(
        // Of that pool alone: what leaves its only machine has no place elsewhere.
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata,
          spec: {
            replicas: 2,
            selector,
            template: { ...template, spec: { ...template.spec, nodeSelector: { 'slipway.dev/pool': 'old' } } },
          },
        },
        { signal },
      );
      const budget = {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata,
        spec: { minAvailable: 1, selector },
      };
      await kube.apply(budget, { signal });
      await expect
        .poll(
          async () => (await kube.get({ apiVersion: 'apps/v1', kind: 'Deployment', metadata }, { signal }))?.['status'],
        )
        .toMatchObject({ readyReplicas: 2 });

      file(name, 1, { new: 1 });
      const { out } = await cli.run(['cluster', 'plan', '-f', `${name}.yaml`]);
      expect(out).toContain('before them should the account have no room for more');
      expect(out).toContain('PodDisruptionBudget default/web lets 1 of its 2 pods there go at a time');
      const running = cli.start(['cluster', 'apply', '-f', `${name}.yaml`, '--yes', '--progress', 'json']);
      let said = '';
      running.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await expect
        .poll(() => said)
        .toMatch(/limit is reached: removing tight-old-1-\w+ first \(1 pod left; .*held by PodDisruptionBudget web/);
      running.kill('SIGINT');
      expect((await running).exitCode).toBe(130);
      const schedulable = async (): Promise<boolean[]> =>
        (await kube.nodes({ signal })).map((node) => node.schedulable);
      expect(await schedulable()).toEqual([true, true]);
      expect(await machines()).toEqual(['cp-1', 'old-1']);

      await kube.delete(budget, { signal });
    } finally {
      kube.close();
    }
    expect(await apply(name)).toMatchObject({ code: 0, err: expect.not.stringContaining('Error') as string });
    expect(await machines()).toEqual(['cp-1', 'new-1']);
  });

  it('what cannot leave is not deleted, and the run says so', async () => {
    const name = begin('held');
    await order({ serverLimit: 2 });
    file(name, 1, { old: 1 });
    expect(await apply(name)).toMatchObject({ code: 0, err: expect.not.stringContaining('Error') as string });
    file(name, 1, { old: 1, new: 1 });
    const run = await apply(name);
    expect(run).toMatchObject({ code: 4, err: expect.stringMatching(/limit is reached/) as string });
    expect(await machines()).toEqual(['cp-1', 'old-1']);
  });
});
