import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { takeLock } from '../../src/workspace/cluster-lock.js';
import { systemProcesses } from '../../src/workspace/processes.js';
import { MemoryBlobs } from '../support/memory-blobs.js';
import { compileContender, Contender } from './contenders.js';
import { folderOf, refusal, SteppedClock, temporaryFolder, testWorkspace } from './support.js';

const contender = compileContender();
afterAll(() => contender.remove());

const stale = (fields: object): string =>
  JSON.stringify({
    operation: 'cluster create',
    user: 'ada',
    since: '2026-11-20T10:00:00.000Z',
    nonce: 'x',
    ...fields,
  });

/** A pid that nobody has: the highest Linux and macOS give is far below. */
const deadPid = 2 ** 30;

function plant(path: string, content: string): string {
  const folder = join(path, 'clusters', 'demo');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'lock'), content);
  return folder;
}

describe('a cluster’s lock', () => {
  it('tells who holds it, doing what, since when, and for how long', async () => {
    const path = temporaryFolder();
    const clock = new SteppedClock('2026-11-20T10:00:00Z');
    const self = { pid: process.pid, host: 'desk', user: 'ada' };
    const folder = testWorkspace(path, { clock, process: self }).cluster('demo');
    await folder.lock('cluster upgrade');
    clock.advance(12 * 60_000);
    const error = await refusal(testWorkspace(path, { clock, process: self }).cluster('demo').lock('cluster delete'));
    expect(error).toMatchObject({
      code: 'CLUSTER_BUSY',
      exitCode: 7,
      message: 'demo is busy: ada has been running `cluster upgrade` for 12 min.',
      details: [`process ${process.pid} on desk, since 2026-11-20T10:00:00.000Z`],
    });
    expect(await folder.holder()).toMatchObject({ operation: 'cluster upgrade', user: 'ada' });
  });

  it('is looked at without being taken: who holds it is told as to who wants it, and a free one stays free', async () => {
    const path = temporaryFolder();
    const folder = testWorkspace(path).cluster('demo');
    await folder.refuseBusy();
    expect(existsSync(folderOf(folder))).toBe(false);
    const lock = await folder.lock('cluster upgrade');
    expect(await refusal(testWorkspace(path).cluster('demo').refuseBusy())).toMatchObject({
      code: 'CLUSTER_BUSY',
      exitCode: 7,
      message: expect.stringContaining('`cluster upgrade`') as string,
    });
    await lock.release();
    await folder.refuseBusy();
  });

  it('is free again after release', async () => {
    const path = temporaryFolder();
    const folder = testWorkspace(path).cluster('demo');
    const lock = await folder.lock('cluster create');
    await lock.release();
    await lock.release();
    expect(await folder.holder()).toBeUndefined();
    await (await testWorkspace(path).cluster('demo').lock('cluster delete')).release();
    expect(readdirSync(folderOf(folder))).toEqual([]);
  });

  it('is left alone by a release when somebody else holds it by now', async () => {
    const path = temporaryFolder();
    const folder = testWorkspace(path).cluster('demo');
    const first = await folder.lock('cluster create');
    rmSync(join(folderOf(folder), 'lock'));
    const second = await testWorkspace(path).cluster('demo').lock('cluster delete');
    await first.release();
    expect(await folder.holder()).toMatchObject({ operation: 'cluster delete' });
    await second.release();
    expect(await folder.holder()).toBeUndefined();
  });

  it('stays with whoever takes it over in the very moment of a release', async () => {
    const store = new MemoryBlobs();
    const options = {
      clock: new SteppedClock('2026-11-20T10:00:00Z'),
      random: { bytes: () => Buffer.from('nonce'), fraction: () => 0 },
      process: { pid: process.pid, host: 'desk', user: 'ada' },
      processes: { isAlive: () => Promise.resolve(true), startTime: () => Promise.resolve('1') },
    };
    const taken = await takeLock(store, 'lock', 'cluster apply', options);
    if (!('lock' in taken)) throw new Error('the lock was not free');
    const read = store.read.bind(store);
    store.read = async (key) => {
      const there = await read(key);
      await store.replace(key, 'another', there!.version);
      return there;
    };
    await taken.lock.release();
    expect((await read('lock'))?.text).toBe('another');
  });

  it('is per cluster', async () => {
    const workspace = testWorkspace(temporaryFolder());
    await workspace.cluster('one').lock('cluster create');
    await workspace.cluster('two').lock('cluster create');
  });

  it('is not taken from another host, and says how to remove it', async () => {
    const path = temporaryFolder();
    const folder = plant(path, stale({ pid: deadPid, host: 'elsewhere' }));
    const error = await refusal(testWorkspace(path).cluster('demo').lock('cluster delete'));
    expect(error.code).toBe('CLUSTER_BUSY');
    expect(error.hint).toContain(`If nothing runs on elsewhere any more, remove ${join(folder, 'lock')}`);
  });

  it('is taken over from a dead process', async () => {
    const path = temporaryFolder();
    plant(path, stale({ pid: deadPid, host: hostname() }));
    const folder = testWorkspace(path).cluster('demo');
    expect(await folder.holder()).toBeUndefined();
    const lock = await folder.lock('cluster delete');
    expect(lock.holder.operation).toBe('cluster delete');
    expect(await folder.holder()).toMatchObject({ pid: process.pid });
  });

  it('is taken over from a dead process whose number a living one has now', async () => {
    const path = temporaryFolder();
    const startTime = await systemProcesses.startTime(process.pid);
    if (startTime === undefined) return;
    plant(path, stale({ pid: process.pid, host: hostname(), startTime: `${Number(startTime) - 1}` }));
    await testWorkspace(path).cluster('demo').lock('cluster delete');
  });

  it('stays with its holder as long as pid and start agree', async () => {
    const path = temporaryFolder();
    const startTime = await systemProcesses.startTime(process.pid);
    plant(path, stale({ pid: process.pid, host: hostname(), ...(startTime === undefined ? {} : { startTime }) }));
    expect((await refusal(testWorkspace(path).cluster('demo').lock('x'))).code).toBe('CLUSTER_BUSY');
  });

  it('remembers the dead it was taken over from until a run has ended well', async () => {
    const path = temporaryFolder();
    plant(path, stale({ pid: deadPid, host: hostname(), nonce: 'second', predecessors: ['first'] }));
    const folder = testWorkspace(path).cluster('demo');
    expect(await folder.deadRuns()).toEqual(['first', 'second']);
    const lock = await folder.lock('cluster apply');
    expect(lock.predecessors).toEqual(['first', 'second']);
    expect(await folder.deadRuns()).toEqual(['first', 'second']);
    expect(['first', 'second']).not.toContain(lock.run);
    expect(JSON.parse(readFileSync(join(folderOf(folder), 'lock'), 'utf8'))).toMatchObject({
      nonce: lock.run,
      predecessors: ['first', 'second'],
    });
    await lock.release();
    expect(await folder.deadRuns()).toEqual([]);
    expect((await folder.lock('cluster apply')).predecessors).toEqual([]);
  });

  it('is free once it was released by a run that is to be remembered, which the next one is told of', async () => {
    const folder = testWorkspace(temporaryFolder()).cluster('demo');
    const first = await folder.lock('cluster apply');
    await first.release('remember');
    expect(await folder.holder()).toBeUndefined();
    const second = await folder.lock('cluster apply');
    expect(second.predecessors).toEqual([first.run]);
    await second.release();
    expect(readdirSync(folderOf(folder))).toEqual([]);
  });

  it('is taken over when a crash of the computer left it empty', async () => {
    const path = temporaryFolder();
    plant(path, '');
    await testWorkspace(path).cluster('demo').lock('cluster create');
  });
});

describe('a race for the lock, with real processes', () => {
  const workspace = mkdtempSync(join(tmpdir(), 'slipway-race-'));
  const rivals: Contender[] = [];
  beforeAll(async () => {
    for (let i = 0; i < 6; i++) rivals.push(new Contender(contender.script, workspace));
    for (const rival of rivals) expect(await rival.hear()).toBe('ready');
  });
  afterAll(async () => {
    await Promise.all(rivals.map((rival) => rival.kill()));
    rmSync(workspace, { recursive: true, force: true });
  });

  it('has exactly one winner, whether the lock was free, left by the dead, or damaged', async () => {
    const left = fc.constantFrom(
      undefined,
      '',
      'not json',
      stale({ pid: deadPid, host: hostname() }),
      stale({ pid: deadPid, host: hostname(), nonce: 'y', startTime: '1' }),
    );
    let round = 0;
    await fc.assert(
      fc.asyncProperty(left, fc.integer({ min: 2, max: 6 }), async (content, count) => {
        const cluster = `round-${round++}`;
        const folder = join(workspace, 'clusters', cluster);
        mkdirSync(folder, { recursive: true });
        if (content !== undefined) writeFileSync(join(folder, 'lock'), content);
        const racing = rivals.slice(0, count);
        for (const rival of racing) rival.tell(`go ${cluster}`);
        const words = await Promise.all(racing.map((rival) => rival.hear()));
        expect([...words].sort()).toEqual([...Array<string>(count - 1).fill('busy'), 'won']);
        const winner = racing[words.indexOf('won')]!;
        expect((await testWorkspace(workspace).cluster(cluster).holder())?.pid).toBe(winner.pid);
        winner.tell('release');
        expect(await winner.hear()).toBe('released');
        expect(readdirSync(folder)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('goes to the next one when a taker is killed at any point of taking over', async () => {
    for (let point = 0; ; point++) {
      const folder = join(workspace, 'clusters', `killed-${point}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'lock'), stale({ pid: deadPid, host: hostname() }));
      const taker = new Contender(contender.script, workspace, point);
      expect(await taker.hear()).toBe('ready');
      taker.tell(`go killed-${point}`);
      const word = await taker.hear();
      await taker.kill();
      const [next, other] = rivals.slice(0, 2) as [Contender, Contender];
      for (const rival of [next, other]) rival.tell(`go killed-${point}`);
      const words = [await next.hear(), await other.hear()];
      expect([...words].sort()).toEqual(['busy', 'won']);
      const winner = words[0] === 'won' ? next : other;
      winner.tell('release');
      await winner.hear();
      expect(readdirSync(folder)).toEqual([]);
      if (word === 'won') break;
      expect(point).toBeLessThan(30);
    }
  });
});
