import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube, KubeObject } from '../../src/kube/types.js';
import { Cli, type Run } from '../support/cli.js';

const cli = new Cli('0.02');
const signal = new AbortController().signal;
let kube: Kube;

const old = 'v1.34.5+k3s1';
const next = 'v1.35.5+k3s1';
const upgrade = (to: string, args: readonly string[] = [], boundary?: object): Promise<Run> =>
  cli.run(
    ['cluster', 'upgrade', 'demo', '--to', to, '--undrainable', 'quarantine', '--yes', ...args],
    boundary && { SLIPWAY_TEST_BOUNDARY: JSON.stringify([boundary]) },
  );
/** Releases of the nodes, by place and generation of their machines. */
async function versions(): Promise<Record<string, string>> {
  const nodes = await kube.nodes({ signal });
  const machines = await cli.cloud<{ name: string; labels: Record<string, string> }>('servers');
  return Object.fromEntries(
    machines
      .map(({ name, labels }) => [
        `${labels['slipway.dev/pool']}-${labels['slipway.dev/slot']}.${labels['slipway.dev/generation']}`,
        nodes.find((node) => node.name === name)?.version ?? 'no node',
      ])
      .sort() as [string, string][],
  );
}
const nodeOf = async (place: string) =>
  (await kube.nodes({ signal })).find(({ name }) => name.startsWith(`demo-${place}-`))!;
const runs = (object: KubeObject, status: object): Promise<void> =>
  expect.poll(async () => (await kube.get(object, { signal }))?.['status'], { timeout: 20_000 }).toMatchObject(status);
const containers = [{ name: 'web', image: 'nginx:1' }];

/** A pod that nothing would start again elsewhere. */
async function byHand(name: string, nodeName: string): Promise<KubeObject> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' } };
  await kube.apply({ ...pod, spec: { nodeName, containers } }, { signal });
  await runs(pod, { phase: 'Running' });
  return pod;
}
const plan = (): Promise<Run> => cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode']);

beforeAll(async () => {
  const size = ['--control-planes', '1', '--workers', '3', '--kubernetes-version', old];
  const made = await cli.run(['cluster', 'create', 'demo', '--provider', 'sandbox', ...size, '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
}, 120_000);
afterAll(async () => {
  kube?.close();
  await cli.close();
});

describe('`cluster upgrade --undrainable quarantine`', () => {
  let stays: KubeObject;
  let node: string;

  it('is refused before its first change where more workers would be set aside than may be', async () => {
    node = (await nodeOf('workers-2')).name;
    stays = await byHand('stays', node);
    const other = await byHand('other', (await nodeOf('workers-3')).name);
    const refused = await upgrade(next);
    expect(refused.code, refused.err).toBe(3);
    expect(refused.err).toContain('2 workers would be in quarantine, and no more than 1 may be.');
    expect(refused.err).toMatch(/demo-workers-2-\w+: default\/stays/);
    const allowed = await upgrade(next, ['--max-quarantined', '2', '--dry-run']);
    expect(allowed.out.match(/set it aside as it is, since it cannot be emptied/g)).toHaveLength(2);
    await kube.delete(other, { signal });
    expect(new Set(Object.values(await versions()))).toEqual(new Set([old]));
  }, 120_000);

  it('brings the others to the release and gives its place to a fresh machine, wherever it was killed', async () => {
    for (const point of [
      { when: 'before', kind: 'kube', what: 'PATCH nodes/demo-workers-2', nth: 2 },
      { when: 'after', kind: 'kube', what: 'PATCH nodes/demo-workers-2' },
      { when: 'before', kind: 'provider', what: 'POST /servers$' },
      { when: 'after', kind: 'ssh', what: 'start-k3s' },
    ]) {
      const killed = await upgrade(next, [], { ...point, act: 'kill' });
      expect(killed.code, `${JSON.stringify(point)}\n${killed.err}`).toBe(137);
    }
    const done = await upgrade(next);
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(await versions()).toEqual({
      'cp-1.1': next,
      'workers-1.1': next,
      'workers-2.1': old,
      'workers-2.2': next,
      'workers-3.1': next,
    });
    const aside = (await kube.nodes({ signal })).find(({ name }) => name === node)!;
    expect(aside).toMatchObject({ schedulable: false, labels: { 'slipway.dev/quarantined': 'v1.34.5-k3s1' } });
    await runs(stays, { phase: 'Running' });
    expect(await plan()).toMatchObject({ code: 0 });
    expect((await cli.run(['cluster', 'status', 'demo'])).out).toContain(`${node} is in quarantine`);
  }, 240_000);

  it('deletes it by `cluster apply` once its pods have gone', async () => {
    await kube.delete(stays, { signal });
    await expect.poll(async () => kube.get(stays, { signal }), { timeout: 20_000 }).toBeUndefined();
    const applied = await cli.run(['cluster', 'apply', 'demo', '--yes']);
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(Object.keys(await versions())).toEqual(['cp-1.1', 'workers-1.1', 'workers-2.2', 'workers-3.1']);
    expect(await plan()).toMatchObject({ code: 0 });
  }, 120_000);
});
