import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { client } from '../support/clients.js';
import { type S3Server, versitygw } from '../support/s3-servers.js';
import { openAdmin } from '../../src/workspace/admin/open.js';
import { newIdentity } from '../../src/workspace/sealed/age.js';
import { compileContender, Contender } from '../workspace/contenders.js';
import { refusal, temporaryFolder, testOptions, testWorkspace } from '../workspace/support.js';

const contender = compileContender();
afterAll(() => contender.remove());

describe.skipIf(client('versitygw') === undefined)('a cluster’s lock in a bucket', () => {
  const servers: S3Server[] = [];
  let place = '';
  let identity = '';

  beforeAll(async () => {
    // Two servers on one folder: what one of them knows, the other has to look up.
    const folder = mkdtempSync(join(tmpdir(), 'slipway-s3-'));
    for (let i = 0; i < 2; i++) servers.push((await versitygw(folder))!);
    place = `s3://${await servers[0]!.bucket()}/team`;
    identity = await newIdentity();
  });
  afterAll(async () => {
    for (const server of servers) await server.close();
  });

  const envAt = (index: number): Readonly<Record<string, string>> => ({
    ...servers[index]!.env,
    SLIPWAY_AGE_KEY: identity,
  });
  const on = (host: string, index = 0) => {
    const env = { ...envAt(index), SLIPWAY_HOME: temporaryFolder() };
    return testWorkspace(place, { env, process: { pid: process.pid, host, user: 'ada' } });
  };

  it(
    'is held by exactly one of two processes that race for it 200 times through two servers',
    { timeout: 300_000 },
    async () => {
      await openAdmin(testOptions(undefined, { env: { ...envAt(0), SLIPWAY_HOME: temporaryFolder() } })).move(place);
      const racers = [0, 1].map((index) => new Contender(contender.script, place, undefined, envAt(index)));
      try {
        for (const racer of racers) expect(await racer.hear()).toBe('ready');
        const wins = [0, 0];
        for (let round = 0; round < 200; round++) {
          for (const racer of racers) racer.tell('go demo');
          const words = await Promise.all(racers.map((racer) => racer.hear()));
          expect([...words].sort(), `round ${round}`).toEqual(['busy', 'won']);
          const winner = words.indexOf('won');
          wins[winner]! += 1;
          racers[winner]!.tell('release');
          expect(await racers[winner]!.hear()).toBe('released');
        }
        expect(wins[0]! + wins[1]!).toBe(200);
      } finally {
        for (const racer of racers) await racer.kill();
      }
    },
  );

  it('is taken over from a killed process of this computer, and by one of many only', async () => {
    const dead = new Contender(contender.script, place, undefined, envAt(0));
    expect(await dead.hear()).toBe('ready');
    dead.tell('go demo');
    expect(await dead.hear()).toBe('won');
    await dead.kill();
    const heirs = [0, 1, 0, 1].map((index) => new Contender(contender.script, place, undefined, envAt(index)));
    try {
      for (const heir of heirs) expect(await heir.hear()).toBe('ready');
      for (const heir of heirs) heir.tell('go demo');
      const words = await Promise.all(heirs.map((heir) => heir.hear()));
      expect([...words].sort()).toEqual(['busy', 'busy', 'busy', 'won']);
    } finally {
      for (const heir of heirs) await heir.kill();
    }
  });

  it('says who holds it on another computer and how to take it away, and is then free for the next', async () => {
    const lock = await on('desk').cluster('other').lock('cluster upgrade');
    const error = await refusal(on('ci', 1).cluster('other').lock('cluster delete'));
    expect(error).toMatchObject({ code: 'CLUSTER_BUSY', exitCode: 7 });
    expect(error.hint).toContain('take its lock away (slipway workspace unlock other)');
    const stored = (await on('ci').cluster('other').storedLock())!;
    expect(stored.holder).toMatchObject({ host: 'desk', operation: 'cluster upgrade' });
    expect(await stored.remove()).toBe(true);
    const next = await on('ci').cluster('other').lock('cluster delete');
    // Who lost it does not take it from the next one, neither by giving it back nor by a late break.
    await lock.release();
    expect(await stored.remove()).toBe(false);
    expect(await on('desk').cluster('other').holder()).toMatchObject({ host: 'ci' });
    await next.release();
    expect(await on('desk').cluster('other').holder()).toBeUndefined();
  });
});
