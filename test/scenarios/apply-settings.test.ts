import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { madeByKeys } from '../../src/domain/labels.js';
import {
  apply,
  cli,
  create,
  file,
  isDeployed,
  open,
  path,
  plan,
  signal,
  slipway,
  withKube,
  without,
} from '../support/changed-settings.js';

describe('`cluster apply` of a file that leaves out another part of k3s', () => {
  beforeAll(async () => {
    open();
    await create();
  }, 120_000);
  afterAll(() => cli.close());

  it('is planned as a step for each server, asked about, and left as it is until somebody says yes', async () => {
    expect(await isDeployed()).toBe(true);
    file({ disable: ['metrics-server'] });
    const shown = await plan();
    expect(shown.code, shown.err).toBe(5);
    expect(shown.out).toMatch(/Change the settings of servers\n/);
    expect(shown.out).toMatch(/~ cp-1 +write its configuration and start k3s with it; its pods run on\n/);
    expect(shown.out).toMatch(/without local-storage, .*traefik → without local-storage, metrics-server, .*traefik/);
    expect(shown.out).toContain('5 steps: 2 to add, 3 to change, 0 to remove.');
    const unasked = await slipway('cluster', 'apply', '-f', path);
    expect(unasked.code).toBe(2);
    expect(unasked.err).toContain('Change the settings of 3 nodes of demo, in 5 steps?');
    expect(unasked.err).toMatch(/3 servers, one at a time: without .* → without .*metrics-server/);
    expect(await without()).toEqual({ 'cp-1': false, 'cp-2': false, 'cp-3': false });
    const status = await slipway('cluster', 'status', 'demo');
    expect(status.out).toMatch(/cp-1 +configuration without .*: needs cluster apply/);
  });

  it('starts servers one at a time with it, after which the part is gone and nothing is left to do', async () => {
    const applied = await apply();
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(applied.out).not.toContain('Not changed');
    const order = [...applied.err.matchAll(/(cp-\d) +write its configuration/g)].map(([, slot]) => slot);
    expect(new Set(order).size, applied.err).toBe(3);
    expect(await without()).toEqual({ 'cp-1': true, 'cp-2': true, 'cp-3': true });
    expect(await isDeployed()).toBe(false);
    const after = await plan();
    expect(after).toMatchObject({
      code: 0,
      out: expect.stringContaining('No changes. The cluster matches the file.') as string,
    });
    expect((await slipway('cluster', 'status', 'demo')).out).toContain('No changes. The cluster matches the file.');
    expect((await slipway('cluster', 'list')).out).not.toContain('differs from its file');
  });

  it('has newcomers agree with the servers, and brings the part back where the file has it again', async () => {
    file({ disable: [], workers: 3 });
    const shown = await plan();
    expect(shown.err).toContain('Servers that join before get the new settings with the others.');
    // Asked about with the machine that comes first: unanswered, that is not made either.
    const unasked = await slipway('cluster', 'apply', '-f', path);
    expect(unasked, unasked.err).toMatchObject({ code: 2 });
    expect(unasked.err).toContain('Change the settings of 3 nodes of demo');
    expect(await cli.cloud('servers')).toHaveLength(5);
    const applied = await apply();
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(await isDeployed()).toBe(true);
    expect(await without()).toEqual({ 'cp-1': false, 'cp-2': false, 'cp-3': false });
    expect(await plan()).toMatchObject({ code: 0 });
  });

  it('brings workers to their configuration too, a first one before the others', async () => {
    const marked = await withKube(async (kube) => {
      const workers = (await kube.nodes({ signal })).filter(({ controlPlane }) => !controlPlane);
      for (const { name } of workers)
        await kube.patchNode(name, { annotations: { [madeByKeys.config]: '0123456789abcdef' } }, { signal });
      return workers.length;
    });
    expect(marked).toBe(3);
    const shown = await plan();
    expect(shown.out).toMatch(/~ web-1 +write its configuration and start k3s with it; its pods run on/);
    expect(shown.out).toContain('see that the others are up before 1 more is changed');
    const applied = await apply();
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(await plan()).toMatchObject({ code: 0 });
  });
});

describe('`cluster apply` of other settings', () => {
  beforeEach(open);
  afterEach(() => cli.close());

  it('of the only server says that the API is away meanwhile, and comes before an upgrade', async () => {
    await create({ servers: 1, workers: 0, version: 'v1.36.4+k3s1' });
    file({ servers: 1, workers: 0, disable: ['metrics-server'] });
    const shown = await plan();
    expect(shown.out).toMatch(/~ cp-1 +write its configuration and start k3s with it; the API is away meanwhile/);
    expect(shown.out.indexOf('Change the settings')).toBeLessThan(shown.out.indexOf('Bring servers to v1.36.5+k3s1'));
    const applied = await apply();
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(await without()).toEqual({ 'cp-1': true });
    expect(await plan()).toMatchObject({ code: 0 });
  }, 120_000);
});
