import { describe, expect, it } from 'vitest';

import {
  cli,
  type Server,
  type Status,
  slipway,
  status,
  errorOf,
  isWeb,
  generations,
  younger,
} from '../support/recycled-cluster.js';
import { keepData, whatStays } from '../support/what-stays.js';

describe('`cluster recycle`', () => {
  it('shows what it would replace by what, in waves, with the price, and changes nothing', async () => {
    const before = await generations();
    const { out, code } = await slipway('cluster', 'recycle', 'demo', '--dry-run');
    expect(code).toBe(0);
    expect(out).toMatch(/- cp-3 +create cax21 in fsn1, join it; drain demo-cp-3-\w+ and delete it\n +in wave 1 of 5/);
    expect(out).toMatch(/- cp-1 .*\n +in wave 3 of 5; lost: cax21 in fsn1, with everything on its disk/);
    expect(out).toMatch(/The whole cluster: about [\d.]+ EUR a month, net \(now [\d.]+, 0\.00\)/);
    expect(await generations()).toEqual(before);
  });

  it('asks first, and names what will be lost', async () => {
    const error = await errorOf('cluster', 'recycle', 'demo');
    expect(error).toMatchObject({ code: 'CONFIRMATION_NEEDED', exit: 2 });
    expect(error.details.join('\n')).toMatch(/lost: cax21 in fsn1, with everything on its disk/);
  });

  it('replaces every node, the first server last of the servers, and etcd has three or four members all along; load balancers and volumes stay', async () => {
    const before = await generations();
    await keepData();
    const stays = await whatStays();
    expect(stays).toMatchObject({ volumes: [expect.any(Number)], claim: expect.stringMatching(/^pvc-/) as string });
    expect(stays.balancers.filter(({ service }) => service === stays.address)).toHaveLength(1);
    const running = cli.start(['cluster', 'recycle', 'demo', '--yes', '--progress', 'json']);
    const removed: string[] = [];
    const etcd: Promise<Status['etcd']>[] = [];
    running.stderr?.on('data', (chunk: Buffer) => {
      for (const [, place] of chunk.toString().matchAll(/"step-done","at":\d+,"id":"remove:demo-(\w+-\d)-/g)) {
        removed.push(place!);
        etcd.push(status().then((now) => now.etcd));
      }
    });
    const { exitCode, stderr } = await running;
    expect(exitCode, String(stderr)).toBe(0);
    expect(removed).toEqual(['cp-3', 'cp-2', 'cp-1', 'web-1', 'web-2']);
    for (const { members, voters } of await Promise.all(etcd)) {
      expect([3, 4]).toContain(members);
      expect(voters).toBeGreaterThanOrEqual(3);
    }
    expect(await generations()).toEqual(younger(before));
    const { etcd: last, machines } = await status();
    expect(last).toMatchObject({ members: 3, voters: 3 });
    expect(machines.map(({ node }) => node?.ready)).toEqual(Array.from({ length: 5 }, () => true));
    expect(await slipway('cluster', 'plan', 'demo', '--detailed-exitcode')).toMatchObject({ code: 0 });
    expect(await whatStays()).toEqual(stays);
  }, 240_000);

  it('lets a worker leave before the fresh one comes where one may be missing and none may come first', async () => {
    const ids = async () => (await cli.cloud<Server>('servers')).filter(isWeb).map(({ id }) => id);
    const before = await ids();
    const rotate = ['pool', 'rotate', 'demo', 'web', '--max-surge', '0', '--max-unavailable', '1'];
    const dry = await slipway(...rotate, '--dry-run');
    expect(dry.out).toMatch(/- web-1 +drain demo-web-1-\w+ and delete it; create cax21 in fsn1 and join it/);
    const done = await slipway(...rotate, '--yes', '--progress', 'json');
    expect(done, done.err).toMatchObject({ code: 0 });
    const order = [...done.err.matchAll(/"step-done","at":\d+,"id":"((?:remove|create):demo-web-\d)-/g)];
    expect(order.map(([, step]) => step)).toEqual([
      'remove:demo-web-1',
      'create:demo-web-1',
      'remove:demo-web-2',
      'create:demo-web-2',
    ]);
    const after = await ids();
    expect(after).toHaveLength(2);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
  }, 240_000);

  it('says which node it does not know, and knows one that it has replaced', async () => {
    expect(await errorOf('cluster', 'recycle', 'demo', '--node', 'web-9', '--yes')).toMatchObject({
      code: 'UNKNOWN_MACHINE',
      exit: 2,
    });
    const { machines } = await status();
    const web = machines.find(({ name }) => name.startsWith('demo-web-1'))!.name;
    const before = await generations();
    expect((await slipway('cluster', 'recycle', 'demo', '--node', web, '--yes')).code).toBe(0);
    expect((await slipway('cluster', 'recycle', 'demo', '--node', web, '--yes')).code).toBe(0);
    expect(await generations()).toEqual(younger(before, ['web-1']));
  }, 240_000);
});
