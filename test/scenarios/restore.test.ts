import { describe, expect, it } from 'vitest';

import {
  cli,
  run,
  create,
  backUp,
  restore,
  put,
  has,
  readyNodes,
  nodesAreOfTheirMachines,
  deleteMachines,
} from '../support/restored-cluster.js';

/** What servers join with, without the authority that it proves. */
const serverToken = async (): Promise<string> => {
  const { out } = await run(['cluster', 'ssh', 'demo', 'cp-1', '--', 'cat /var/lib/rancher/k3s/server/token']);
  return out.trim().replace(/^K10[0-9a-f]+::/, '');
};

describe('cluster restore', () => {
  it('brings a lone server back after its machine was deleted, with one command, and backs it up again', async () => {
    await create(1, 1);
    await put('before');
    const id = await backUp();
    await put('after');
    const token = await serverToken();
    const living = await restore();
    expect(living).toMatchObject({ code: 3, err: expect.stringContaining('CLUSTER_ALIVE') as string });
    await deleteMachines(/-cp-/);
    const applied = await cli.run(['cluster', 'apply', 'demo', '--yes']);
    expect(applied).toMatchObject({
      code: 3,
      err: expect.stringContaining('slipway cluster restore demo') as string,
    });
    const done = await restore();
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(done.out).toMatch(/demo is restored from \S+, with data that was \d+ s old, in \d+ s\./);
    // Whoever has the backup joins with nothing that is in it.
    expect(done.out).toContain('Nothing joins any more with the tokens that are in the backup.');
    expect(await serverToken()).not.toBe(token);
    expect([await has('before'), await has('after')]).toEqual([true, false]);
    expect(await readyNodes()).toEqual(['cp-1', 'workers-1']);
    await nodesAreOfTheirMachines();
    const status = await run(['cluster', 'status', 'demo']);
    expect(status.out).toContain('No changes.');
    expect(status.out).toMatch(/last proven restore: \d+ \w+ ago, data \d+ \w+ old, took \d+ \w+/);
    const listed = JSON.parse((await run(['backup', 'list', 'demo', '--json'])).out) as { backups: { id: string }[] };
    expect(listed.backups.map((one) => one.id)).toHaveLength(2);
    expect(listed.backups[1]!.id).toBe(id);
    expect((await run(['backup', 'verify', 'demo', '--all'])).out).toContain(id);
  });

  it('makes three servers and a worker anew after all machines were deleted, and old nodes are gone', async () => {
    await create(3, 2);
    await put('before');
    await backUp();
    await deleteMachines(/demo/);
    const done = await restore();
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(await has('before')).toBe(true);
    await expect.poll(readyNodes, { timeout: 30_000 }).toEqual(['cp-1', 'cp-2', 'cp-3', 'workers-1', 'workers-2']);
    await nodesAreOfTheirMachines();
    expect((await run(['cluster', 'status', 'demo', '--exit-code'])).out).toContain('3 of 3 members vote');
  });
});
