import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Clock } from '../../src/domain/clock.js';
import { identityOf, type OperationLease } from '../../src/domain/lease.js';
import { BusyError, IncompleteError, type SlipwayError } from '../../src/errors/index.js';
import { readLease } from '../../src/kube/lease.js';
import type { Kube } from '../../src/kube/types.js';
import { LeaseKeeper, type LeaseKeeperOptions } from '../../src/workflows/lease-keeper.js';
import { SandboxKube } from '../support/sandbox-kube.js';

const { signal } = new AbortController();
const ref = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace: 'kube-system', name: 'slipway-operation' },
};

/** Short sleeps pass at once; those between renewals end when time is let pass. */
class KeeperClock implements Clock {
  readonly #parked = new Set<() => void>();
  whenWatching: () => Promise<void> = async () => {};

  constructor(public time = Date.parse('2026-11-20T10:00:00Z')) {}

  now(): number {
    return this.time;
  }

  monotonic(): number {
    return this.time;
  }

  pass(ms: number): void {
    this.time += ms;
    for (const wake of this.#parked) wake();
    this.#parked.clear();
  }

  async sleep(ms: number, ended?: AbortSignal): Promise<void> {
    ended?.throwIfAborted();
    if (ms < 5_000) {
      this.time += ms;
      return this.whenWatching();
    }
    await new Promise<void>((resolve, reject) => {
      this.#parked.add(resolve);
      ended?.addEventListener('abort', () => reject(ended.reason as Error), { once: true });
    });
  }
}

let cluster: SandboxKube;
let kube: Kube;
const running: LeaseKeeper[] = [];

beforeEach(async () => {
  cluster = await SandboxKube.start();
  kube = await cluster.client({ tuning: { patienceMs: 0 } });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((keeper) => keeper.end()));
  await cluster.close();
});

interface Run {
  readonly keeper: LeaseKeeper;
  readonly clock: KeeperClock;
  readonly watched: OperationLease[];
  readonly failures: SlipwayError[];
}

function run(name: string, clock = new KeeperClock(), more: Partial<LeaseKeeperOptions> = {}): Run {
  const watched: OperationLease[] = [];
  const failures: SlipwayError[] = [];
  const keeper = new LeaseKeeper({
    taker: { identity: identity(name), predecessors: [] },
    operation: 'cluster apply',
    clock,
    signal,
    findApi: async () => kube,
    busy: (lease) => new BusyError(lease.identity, { code: 'CLUSTER_BUSY' }),
    lost: (lease) => new IncompleteError(lease?.identity ?? 'nobody', { code: 'LEASE_LOST' }),
    watching: (lease) => watched.push(lease),
    failed: (error) => failures.push(error),
    ...more,
  });
  running.push(keeper);
  return { keeper, clock, watched, failures };
}

const identity = (run: string): string => identityOf({ user: 'ada', host: 'desk', pid: 1, run });
const holder = async (): Promise<string | undefined> => (await readLease(kube, { signal }))?.identity;

describe('a run that keeps the Lease', () => {
  it('shows the field’s own terms to whoever looks: holder, times, duration, and what it does', async () => {
    await run('aa').keeper.begin();
    expect(await kube.get(ref, { signal })).toMatchObject({
      metadata: { annotations: { 'slipway.dev/operation': 'cluster apply' } },
      spec: {
        holderIdentity: 'ada@desk pid 1 run aa',
        acquireTime: '2026-11-20T10:00:00.000000Z',
        renewTime: '2026-11-20T10:00:00.000000Z',
        leaseDurationSeconds: 20,
      },
    });
  });

  it('keeps another one out, and leaves nothing behind when it ends', async () => {
    const first = run('aa').keeper;
    const second = run('bb').keeper;
    await first.begin();
    await expect(second.begin()).rejects.toMatchObject({ exitCode: 7, message: identity('aa') });
    await first.end();
    expect(await holder()).toBeUndefined();
    await second.begin();
    expect(await holder()).toBe(identity('bb'));
  });

  it('is one of any number that ask at once', async () => {
    const all = Array.from({ length: 6 }, (_, index) => run(`a${index}`).keeper);
    const taken = await Promise.allSettled(all.map((keeper) => keeper.begin()));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('renews it by the clock, and before a step where that is some seconds ago', async () => {
    const { keeper, clock } = run('aa');
    await keeper.begin();
    clock.pass(5_000);
    await expect.poll(async () => (await readLease(kube, { signal }))?.renewedAt).toBe(clock.time);
    clock.time += 3_000;
    await keeper.admit();
    expect(await readLease(kube, { signal })).toMatchObject({ renewedAt: clock.time, acquiredAt: clock.time - 8_000 });
  });

  it('goes on when somebody wrote a note on it', async () => {
    const { keeper, clock } = run('aa');
    await keeper.begin();
    const { resourceVersion } = (await kube.get(ref, { signal }))!.metadata;
    await kube.patch({ ...ref, metadata: { ...ref.metadata, resourceVersion, labels: { seen: 'yes' } } }, { signal });
    clock.time += 3_000;
    await keeper.admit();
    clock.time += 3_000;
    await keeper.admit();
    expect(await readLease(kube, { signal })).toMatchObject({ renewedAt: clock.time });
  });

  it('begins no step once somebody removed it', async () => {
    const { keeper, clock } = run('aa');
    await keeper.begin();
    await kube.delete(ref, { signal });
    clock.time += 3_000;
    await expect(keeper.admit()).rejects.toMatchObject({ code: 'LEASE_LOST', exitCode: 4, message: 'nobody' });
    await expect(keeper.admit()).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });

  it('goes on while the API is silent, and renews it when it answers again', async () => {
    let api: Kube | undefined = kube;
    const { keeper, clock } = run('aa', new KeeperClock(), { findApi: async () => api });
    await keeper.begin();
    api = undefined;
    clock.time += 3_600_000;
    await keeper.admit();
    api = kube;
    clock.time += 6_000;
    await keeper.admit();
    expect(await readLease(kube, { signal })).toMatchObject({ renewedAt: clock.time });
  });

  it('says when it could not give it back', async () => {
    let api: Kube | undefined = kube;
    const { keeper } = run('aa', new KeeperClock(), { findApi: async () => api });
    await keeper.begin();
    api = undefined;
    expect(await keeper.end()).toBe('left');
    api = kube;
    expect(await keeper.end()).toBe('given back');
    expect(await holder()).toBeUndefined();
  });

  it('leaves one alone that is another run’s by now', async () => {
    const { keeper } = run('aa');
    await keeper.begin();
    await kube.delete(ref, { signal });
    await run('bb').keeper.begin();
    await keeper.end();
    expect(await holder()).toBe(identity('bb'));
  });
});

describe('a Lease that nobody renews', () => {
  it('is taken over once it was watched for as long as it counts, and its holder begins no further step', async () => {
    const dead = run('aa');
    await dead.keeper.begin();
    const next = run('bb', new KeeperClock(dead.clock.time + 21_000));
    const before = next.clock.time;
    await next.keeper.begin();
    expect(next.watched.map((lease) => lease.identity)).toEqual([identity('aa')]);
    expect(next.clock.time - before).toBe(20_000);
    expect(await holder()).toBe(identity('bb'));
    dead.clock.time += 41_000;
    await expect(dead.keeper.admit()).rejects.toMatchObject({ code: 'LEASE_LOST', message: identity('bb') });
  });

  it.each([-3_600_000, 3_600_000])(
    'is not one whose holder’s clock is %i ms off: it renews it meanwhile, and keeps it',
    async (off) => {
      const first = run('aa');
      await first.keeper.begin();
      const clock = new KeeperClock(first.clock.time + off);
      clock.whenWatching = async () => {
        first.clock.time += 3_000;
        await first.keeper.admit();
        // The clocks agree by now, so that the second look ends it.
        clock.time = first.clock.time;
      };
      await expect(run('bb', clock).keeper.begin()).rejects.toMatchObject({ exitCode: 7 });
      expect(await holder()).toBe(identity('aa'));
    },
  );

  it('is taken over at once where a dead run of the same workspace left it', async () => {
    await run('aa').keeper.begin();
    const next = run('bb', new KeeperClock(), { taker: { identity: identity('bb'), predecessors: ['aa'] } });
    await next.keeper.begin();
    expect(next.watched).toEqual([]);
    expect(await holder()).toBe(identity('bb'));
  });

  it('is taken over by one of any number that watch it', async () => {
    const dead = run('aa');
    await dead.keeper.begin();
    const watchers = Array.from({ length: 4 }, (_, index) =>
      run(`b${index}`, new KeeperClock(dead.clock.time + 21_000)),
    );
    // Whoever comes second finds a Lease that was just renewed, by a clock that agrees.
    const taken = await Promise.allSettled(watchers.map(({ keeper }) => keeper.begin()));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('a run on a cluster whose API is not there', () => {
  it('begins, and takes the Lease as soon as the API answers', async () => {
    const known: { api?: Kube } = {};
    const { keeper, clock } = run('aa', new KeeperClock(), { findApi: async () => known.api });
    await keeper.begin();
    await keeper.admit();
    known.api = kube;
    clock.pass(5_000);
    await expect.poll(holder).toBe(identity('aa'));
  });

  it('begins no further step where another run has the Lease by then', async () => {
    const known: { api?: Kube } = {};
    const { keeper, clock } = run('aa', new KeeperClock(), { findApi: async () => known.api });
    await keeper.begin();
    await run('bb').keeper.begin();
    known.api = kube;
    clock.pass(5_000);
    await expect
      .poll(() => keeper.admit().catch((error: unknown) => error))
      .toMatchObject({ code: 'LEASE_LOST', message: identity('bb') });
  });

  it('says so, and goes on, where the API answers and gives no Lease', async () => {
    cluster.intercept = ({ method }, response) => {
      if (method !== 'POST') return false;
      response.writeHead(403, { 'content-type': 'application/json' });
      response.end('{"kind":"Status","status":"Failure","code":403,"message":"no"}');
      return true;
    };
    const { keeper, failures } = run('aa');
    await keeper.begin();
    await keeper.admit();
    expect(failures.map(({ code }) => code)).toEqual(['KUBE_FORBIDDEN']);
  });
});
