import { describe, expect, it } from 'vitest';

import { Secret, systemClock, systemRandom } from '../../src/domain/index.js';
import type { BlobStore } from '../../src/workspace/blob-store.js';
import { StoredCluster } from '../../src/workspace/cluster-folder.js';
import { MemoryBlobs } from '../support/memory-blobs.js';
import { opensshKeyPair, refusal, testRecord } from './support.js';

/** A cluster as another computer opens it on the same store. */
function clusterIn(store: BlobStore, host = 'desk', isAlive = true): StoredCluster {
  return new StoredCluster(
    'demo',
    {
      store,
      where: (key) => `memory:${key}`,
      breakLock: 'remove memory:lock',
      isLocal: false,
      clear: () => Promise.resolve(),
      sweep: () => Promise.resolve(),
    },
    {
      clock: systemClock,
      random: systemRandom,
      process: { pid: 7, host, user: 'ada' },
      processes: { isAlive: () => Promise.resolve(isAlive), startTime: () => Promise.resolve(undefined) },
      generateKeyPair: opensshKeyPair,
      warn: () => {},
      secrets: new Set(),
    },
  );
}

describe('a cluster’s record, keys, lock and journal in a store that is no folder', () => {
  it('are what another computer finds there', async () => {
    const store = new MemoryBlobs();
    const [here, there] = [clusterIn(store), clusterIn(store, 'ci')];
    await here.saveRecord(testRecord('demo'));
    expect(await there.record()).toEqual(testRecord('demo'));
    const { publicKey } = await here.identity();
    expect((await there.identity()).publicKey).toBe(publicKey);
    await here.saveKubeconfig(new Secret('apiVersion: v1\n'));
    expect((await there.kubeconfig())?.reveal()).toBe('apiVersion: v1\n');
    const first = await here.firstHostKey('demo-cp-1');
    expect((await there.firstHostKey('demo-cp-1')).publicKey).toBe(first.publicKey);
    await there.onlyPin('demo-cp-1', 'ssh-ed25519 AAAA comment');
    expect(await here.pins('demo-cp-1')).toEqual(['ssh-ed25519 AAAA']);
    const token = await here.secret('server-token', () => 'planted-token');
    expect((await there.secret('server-token', () => 'late')).reveal()).toBe(token.reveal());
  });

  it('lose no pin when both change a machine’s keys at once', async () => {
    const store = new MemoryBlobs();
    const keys = Array.from({ length: 8 }, (_, index) => `ssh-ed25519 AAAA${index}`);
    await Promise.all(keys.map((key, index) => clusterIn(store, `host-${index}`).addPin('demo-cp-1', key)));
    expect([...(await clusterIn(store).pins('demo-cp-1'))].sort()).toEqual(keys);
  });

  it('let one of many take the lock, tell the others who has it, and give it to the next', async () => {
    const store = new MemoryBlobs();
    const takers = Array.from({ length: 6 }, (_, index) => clusterIn(store, `host-${index}`));
    const taken = await Promise.allSettled(takers.map((taker) => taker.lock('cluster apply')));
    const locks = taken.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(locks).toHaveLength(1);
    const error = await refusal(clusterIn(store, 'other').lock('cluster delete'));
    expect(error).toMatchObject({ code: 'CLUSTER_BUSY', exitCode: 7 });
    expect(error.hint).toContain('remove memory:lock');
    await locks[0]!.release();
    await (await clusterIn(store, 'other').lock('cluster delete')).release();
    expect(await store.list('')).toEqual([]);
  });

  it('take the lock over from a process of this computer that is dead, once', async () => {
    const store = new MemoryBlobs();
    await clusterIn(store).lock('cluster create');
    const takers = Array.from({ length: 6 }, () => clusterIn(store, 'desk', false));
    const taken = await Promise.allSettled(takers.map((taker) => taker.lock('cluster apply')));
    // All of them say of each other that they are dead, so each takes it from the one before; none is lost in between.
    expect(taken.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await store.list('')).toEqual(['lock']);
  });

  it('leave a lock alone that somebody else took in the very moment of the release', async () => {
    const store = new MemoryBlobs();
    const lock = await clusterIn(store).lock('cluster create');
    const read = store.read.bind(store);
    // Between the release's look and its removal, another computer removes the lock by hand and takes it.
    store.read = async (key) => {
      const there = await read(key);
      store.read = read;
      await store.remove('lock');
      await clusterIn(store, 'ci').lock('cluster delete');
      return there;
    };
    await lock.release();
    expect(await clusterIn(store).holder()).toMatchObject({ host: 'ci', operation: 'cluster delete' });
  });

  it('tell the history of operations, of which one was killed', async () => {
    const store = new MemoryBlobs();
    const done = await clusterIn(store).journal('cluster create');
    done.append({ at: '2026-11-20T10:00:00.000Z', event: 'operation-finished', outcome: 'done' });
    await done.close();
    await clusterIn(store, 'ci').journal('cluster apply');
    await expect
      .poll(async () => (await clusterIn(store).history()).map(({ outcome }) => outcome).sort())
      .toEqual(['done', 'unfinished']);
  });

  it('know whether anything is kept, a lock aside', async () => {
    const cluster = clusterIn(new MemoryBlobs());
    const lock = await cluster.lock('cluster create');
    expect(await cluster.keepsAnything()).toBe(false);
    await cluster.identity();
    expect(await cluster.keepsAnything()).toBe(true);
    await lock.release();
  });
});
