import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from 'vitest';

import { Secret, systemRandom } from '../../src/domain/index.js';
import type { BlobStore } from '../../src/workspace/blob-store.js';
import { newIdentity, recipientOf, seal } from '../../src/workspace/sealed/age.js';
import { packed } from '../../src/workspace/sealed/envelope.js';
import { type Header, newHeader, newKey } from '../../src/workspace/sealed/header.js';
import { SealedBlobs } from '../../src/workspace/sealed/sealed-blobs.js';
import { SeenBlobs } from '../../src/workspace/sealed/seen.js';
import { blobStoreContract } from '../contract/blob-store.js';
import { MemoryBlobs } from '../support/memory-blobs.js';
import { refusal } from './support.js';

const identity = new Secret(await newIdentity());
const other = new Secret(await newIdentity());
const recipient = await recipientOf(identity);
const header: Header = newHeader(systemRandom, [recipient], '2026-11-20T10:00:00.000Z');

interface Opened {
  readonly raw?: BlobStore;
  readonly seen?: BlobStore;
  readonly identities?: readonly Secret[];
  readonly as?: Pick<Header, 'id' | 'keys' | 'recipients'>;
}

/** A store as a computer opens it: one with the same memory is the same computer. */
const opened = ({ raw = new MemoryBlobs(), seen = new MemoryBlobs(), identities = [identity], as = header }: Opened) =>
  new SealedBlobs(raw, {
    where: 's3://team',
    header: as,
    identities,
    random: systemRandom,
    seen: new SeenBlobs(seen),
  });

const key = 'clusters/demo/record.json';

/** Bytes that are in use once all is collected that nobody holds. */
async function usedAfterCollection(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  // What lies outside of the heap is given back a moment later.
  for (let times = 0; times < 3; times += 1) {
    collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function overwrite(raw: BlobStore, at: string, text: string): Promise<void> {
  const there = await raw.read(at);
  await (there ? raw.replace(at, text, there.version) : raw.create(at, text));
}

blobStoreContract('a sealed store', () => {
  const raw = new MemoryBlobs();
  const seen = new MemoryBlobs();
  return { open: () => opened({ raw, seen }) };
});

describe('a sealed workspace', () => {
  it('shows nobody what is in it, and opens for each of several', async () => {
    const raw = new MemoryBlobs();
    const as = { ...header, recipients: [recipient, await recipientOf(other)] };
    await opened({ raw, as }).create(key, 'planted secret');
    for (const name of await raw.list('')) expect((await raw.read(name))!.text).not.toMatch(/planted|secret|demo/);
    for (const one of [identity, other])
      expect((await opened({ raw, as, identities: [one] }).read(key))?.text).toBe('planted secret');
  });

  it('tells somebody without its identity who he is, and what to ask for', async () => {
    const raw = new MemoryBlobs();
    await opened({ raw }).create(key, 'text');
    const error = await refusal(opened({ raw, identities: [other] }).read(key));
    expect(error).toMatchObject({ code: 'WRONG_IDENTITY', exitCode: 2 });
    expect(error.hint).toContain(`slipway workspace rotate --add ${await recipientOf(other)}`);
    expect(JSON.stringify(error)).not.toContain('AGE-SECRET-KEY');
  });

  it('keeps nothing of what it has read in memory, so that it may be more than fits there', async () => {
    const [raw, texts] = [new MemoryBlobs(), 10];
    const keyOf = (part: number): string => `backups/demo/2026-11-26t15-00-00z-3fa2/snapshot-${part}`;
    const writer = opened({ raw });
    for (let part = 1; part <= texts; part += 1) await writer.create(keyOf(part), randomBytes(2 ** 19).toString('hex'));
    const reader = opened({ raw });
    const before = await usedAfterCollection();
    for (let part = 1; part <= texts; part += 1) expect((await reader.read(keyOf(part)))!.text).toHaveLength(2 ** 20);
    expect((await usedAfterCollection()) - before).toBeLessThan((texts / 4) * 2 ** 20);
    expect(await reader.list('')).toHaveLength(texts);
  });

  it('leaves a lock in clear, for everybody to see who holds it', async () => {
    const raw = new MemoryBlobs();
    await opened({ raw }).create('clusters/demo/lock', 'ada on desk');
    expect((await raw.read('clusters/demo/lock'))?.text).toBe('ada on desk');
  });

  it.each([
    ['empty', () => ''],
    ['cut off', (text: string) => text.slice(0, text.length / 2)],
    ['no file of age', () => '{"version":1}'],
    [
      'changed',
      (text: string) => text.replace(/^(.{200})(.)/s, (_, before, one) => `${before}${one === 'A' ? 'B' : 'A'}`),
    ],
  ])('says of an object that is %s that it is damaged', async (_, damage) => {
    const raw = new MemoryBlobs();
    await opened({ raw }).create(key, 'text '.repeat(100));
    await overwrite(raw, key, damage((await raw.read(key))!.text));
    const error = await refusal(opened({ raw }).read(key));
    expect(error).toMatchObject({ code: 'WORKSPACE_CORRUPT', exitCode: 2 });
    expect(error.message).toMatch(/^s3:\/\/team: clusters\/demo\/record\.json is damaged: /);
  });

  it('finds out an object that was put in another one’s place', async () => {
    const raw = new MemoryBlobs();
    const store = opened({ raw });
    await store.create(key, 'text');
    await store.create('clusters/demo/kubeconfig', 'text');
    await overwrite(raw, 'clusters/demo/kubeconfig', (await raw.read(key))!.text);
    const error = await refusal(opened({ raw }).read('clusters/demo/kubeconfig'));
    expect(error).toMatchObject({ code: 'BLOB_SWAPPED', exitCode: 3 });
    expect(error.message).toContain('it is clusters/demo/record.json, put in this one’s place');
  });

  it('finds out an object of an earlier cluster of the same name, on a computer that has never seen either', async () => {
    const raw = new MemoryBlobs();
    const store = opened({ raw });
    await store.create(key, 'earlier');
    const earlier = (await raw.read(key))!.text;
    for (const name of await raw.list('clusters/demo/')) await raw.remove(name);
    store.forgetCluster('demo');
    await store.create(key, 'now');
    expect((await opened({ raw }).read(key))?.text).toBe('now');
    await overwrite(raw, key, earlier);
    const error = await refusal(opened({ raw }).read(key));
    expect(error.message).toContain('it belongs to an earlier cluster of this name');
  });

  it('finds out an older state of an object that this computer has seen newer', async () => {
    const [raw, seen] = [new MemoryBlobs(), new MemoryBlobs()];
    const store = opened({ raw, seen });
    await store.create(key, 'one');
    const old = (await raw.read(key))!.text;
    await store.replace(key, 'two', (await store.read(key))!.version);
    await overwrite(raw, key, old);
    const error = await refusal(opened({ raw, seen }).read(key));
    expect(error).toMatchObject({ code: 'BLOB_SWAPPED', exitCode: 3 });
    expect(error.message).toContain('change 1, after change 2');
    // Who never saw the newer one cannot know.
    expect((await opened({ raw }).read(key))?.text).toBe('one');
  });

  it('finds out an object that was removed and is back, but lets it be made anew', async () => {
    const [raw, seen] = [new MemoryBlobs(), new MemoryBlobs()];
    const store = opened({ raw, seen });
    await store.create(key, 'one');
    const old = (await raw.read(key))!.text;
    await store.remove(key);
    expect(await store.create(key, 'anew')).toBe(true);
    expect((await opened({ raw, seen }).read(key))?.text).toBe('anew');
    await overwrite(raw, key, old);
    const error = await refusal(opened({ raw, seen }).read(key));
    expect(error.message).toContain('it was removed before, and somebody has put it back');
  });

  it('does not believe a stranger who knows only for whom things are sealed', async () => {
    const raw = new MemoryBlobs();
    await opened({ raw }).create('clusters/demo/kubeconfig', 'right');
    const envelope = { workspace: header.id, key, cluster: 'guessed', birth: 'x', sequence: 9, text: 'planted' };
    await raw.create(key, await seal(packed(envelope, newKey(systemRandom)), [recipient]));
    const error = await refusal(opened({ raw }).read(key));
    expect(error).toMatchObject({ code: 'BLOB_SWAPPED' });
    expect(error.message).toContain('it was not written by anybody who can open this workspace');
  });

  it('does not take an object of another workspace', async () => {
    const raw = new MemoryBlobs();
    await opened({ raw, as: { ...header, id: 'elsewhere' } }).create(key, 'text');
    expect((await refusal(opened({ raw }).read(key))).message).toContain('it belongs to another workspace');
  });
});
