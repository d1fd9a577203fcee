import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli, type Run } from '../support/cli.js';
import { type SmallS3, smallS3 } from '../support/small-s3.js';

const { signal } = new AbortController();
const before = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'before', namespace: 'default' } };

describe('a restore whose workspace is in a bucket', () => {
  const cli = new Cli();
  /** From which passing of which request on the server is gone. */
  let gone: { readonly request: RegExp; left: number } | undefined;
  let s3: SmallS3;

  const desk = (...args: string[]): Promise<Run> => cli.run(args, { ...s3.env, SLIPWAY_WORKSPACE: 's3://small/team' });
  const done = async (...args: string[]): Promise<Run> => {
    const run = await desk(...args);
    expect(run, `${args.join(' ')}\n${run.err}`).toMatchObject({ code: 0 });
    return run;
  };
  const api = async (): Promise<Kube> =>
    openKube({
      kubeconfig: new Secret((await done('cluster', 'kubeconfig', 'demo')).out),
      boundary: openBoundary,
      clock: systemClock,
    });
  const loseMachines = async (): Promise<void> => {
    const { endpoint, info } = await cli.sandbox();
    for (const { id } of await cli.cloud<{ id: number; name: string }>('servers'))
      await fetch(`${endpoint}/servers/${id}`, {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${info.cloudToken}` },
      });
    await expect.poll(() => cli.cloud('servers')).toEqual([]);
  };

  beforeAll(async () => {
    s3 = await smallS3({
      trouble: (method, key) => {
        if (gone && gone.left > 0 && gone.request.test(`${method} ${key}`)) gone.left -= 1;
        return gone?.left === 0 ? 'cut' : undefined;
      },
    });
    for (const args of [
      ['workspace', 'identity'],
      ['cluster', 'create', 'demo', '--provider', 'sandbox', '--control-planes', '1', '--components', 'none', '--yes'],
      ['workspace', 'move', 's3://small/team', '--yes'],
    ]) {
      const run = await cli.run(args, s3.env);
      expect(run, run.err).toMatchObject({ code: 0 });
    }
    const kube = await api();
    await kube.apply(before, { signal });
    kube.close();
    await done('backup', 'create', 'demo');
  });
  afterAll(async () => {
    await cli.close();
    await s3.close();
  });

  it.each([
    ['while the backup is read', /GET .*\/snapshot-0001/, 1, 0],
    ['before anything is written', /PUT .*\/demo\/record\.json/, 1, 0],
    ['once the first server has the data', /PUT .*\/demo\/record\.json/, 2, 1],
    ['when the kubeconfig is to be kept', /PUT .*\/demo\/kubeconfig/, 1, 1],
  ])('is finished by the same command after the server was gone %s', async (_, request, left, machines) => {
    await loseMachines();
    gone = { request, left };
    const failed = await desk('cluster', 'restore', 'demo', '--yes');
    expect(gone.left).toBe(0);
    expect(failed).toMatchObject({ code: 4, err: expect.stringContaining('S3_UNAVAILABLE') as string });
    expect(failed.err).toContain('run the same command again');
    expect(await cli.cloud('servers')).toHaveLength(machines);
    gone = undefined;
    await done('cluster', 'restore', 'demo', '--yes');
    const kube = await api();
    expect(await kube.get(before, { signal })).toBeDefined();
    kube.close();
    expect((await done('cluster', 'status', 'demo')).out).toContain('No changes.');
    await done('backup', 'verify', 'demo');
  });
});
