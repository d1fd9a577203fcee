import { beforeEach, describe, expect, it } from 'vitest';

import { Secret } from '../../src/domain/index.js';
import { identityOf } from '../../src/domain/lease.js';
import type { Step } from '../../src/engine/index.js';
import { BusyError, DeclinedError, RefusedError } from '../../src/errors/index.js';
import { createLease, readLease } from '../../src/kube/lease.js';
import type { Confirmation } from '../../src/reporting/index.js';
import { confirm } from '../../src/ui/prompt.js';
import { type Change, confirmed } from '../../src/workflows/confirmed.js';
import { note, type WorkflowContext } from '../../src/workflows/context.js';
import type { ClusterFolder } from '../../src/workspace/types.js';
import { InMemoryDistribution } from '../distributions/in-memory.js';
import { RecordingReporter } from '../support/recording-reporter.js';

const step = (id: string, destroys = false): Step => ({
  id,
  phase: 'Steps',
  target: id.split(':')[1]!,
  text: id.split(':')[0]!,
  needs: [],
  destroys,
  apply: () => Promise.resolve(),
});
const create = step('create:web-1');
const label = step('label:web-2');
const removeShown = step('remove:web-3', true);
const removeNew = step('remove:web-4', true);

/** No terminal: a flag answers, where one may. */
const flags = (yes: boolean) => (question: Confirmation) =>
  confirm({ interactive: false, yes, confirmName: undefined, write: () => {} }, question);

let events: string[];
let busy: BusyError | undefined;
let reporter: RecordingReporter;
let api: InMemoryDistribution['api'];
/** Whether the workspace has a kubeconfig that leads to the API. */
let isReachable: boolean;
let deadRuns: readonly string[];
const { signal } = new AbortController();
const now = Date.parse('2026-11-20T10:00:00Z');
beforeEach(() => {
  events = [];
  busy = undefined;
  ({ api } = new InMemoryDistribution());
  isReachable = true;
  heldAt.clear();
  deadRuns = [];
});

/** A run of another workspace. */
const runElsewhere = {
  identity: identityOf({ user: 'ci', host: 'runner', pid: 7, run: 'c1' }),
  operation: 'pool scale',
};
const beginElsewhere = async (): Promise<unknown> =>
  createLease(api.kube, { ...runElsewhere, acquiredAt: now, renewedAt: now, durationMs: 20_000 }, { signal });
const leaseHeldBy = async (): Promise<string | undefined> => (await readLease(api.kube, { signal }))?.operation;

/** Runs a change whose drafts do these steps; answers with what became of it. */
async function change(
  answer: (question: Confirmation) => Promise<void>,
  drafts: readonly (readonly Step[] | Error)[],
  parts: Partial<Change<{ readonly steps: readonly Step[] }>> = {},
): Promise<unknown> {
  reporter = new RecordingReporter(async (question) => {
    events.push('asked');
    await answer(question);
  });
  const context = {
    reporter,
    clock: { now: () => now, monotonic: () => 0, sleep: untilAborted },
    signal,
    openApi: async () => api,
  } as unknown as WorkflowContext;
  const folder = {
    name: 'demo',
    record: () => Promise.resolve(undefined),
    refuseBusy: async () => {
      if (busy) throw busy;
    },
    lock: async () => {
      events.push('locked');
      const holder = { user: 'ada', host: 'desk', pid: 1, operation: 'cluster apply', since: '' };
      return { holder, run: 'aa', predecessors: deadRuns, release: async () => void events.push('released') };
    },
    deadRuns: async () => deadRuns,
    kubeconfig: async () => (isReachable ? new Secret('kubeconfig') : undefined),
  } as unknown as ClusterFolder;
  const left = [...drafts];
  return confirmed(
    context,
    {
      folder,
      operation: 'cluster apply',
      retryCommand: 'slipway cluster apply demo --yes --json',
      draft: async (looking, stage) => {
        events.push(`drafted ${stage}`);
        heldAt.set(stage, await leaseHeldBy());
        note(looking, 'cp-1 is short of memory', 'warning');
        const next = left.shift()!;
        if (next instanceof Error) throw next;
        return { steps: next };
      },
      confirmation: async ({ steps }) => ({
        question: `Change demo in ${steps.length} steps?`,
        details: steps.map(({ id }) => id),
        flags: '--yes',
        harmless: !steps.some(({ destroys }) => destroys),
      }),
      ...parts,
    },
    async ({ steps }, _once, { admit }) => {
      await admit();
      events.push(`ran ${steps.map(({ id }) => id).join(' ')}`);
      return 'done';
    },
  ).catch((error: unknown) => error);
}
const yes = (): Promise<void> => Promise.resolve();

/** What the Lease's holder did while a draft was made. */
const heldAt = new Map<string, string | undefined>();

const untilAborted = (_ms: number, ended?: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) =>
    ended?.addEventListener('abort', () => reject(ended.reason as Error), { once: true }),
  );

describe('a change that is confirmed', () => {
  it('is drafted and asked about before the lock is taken, and drafted again under it', async () => {
    expect(await change(yes, [[create], [create]])).toBe('done');
    expect(events).toEqual(['drafted to show', 'asked', 'locked', 'drafted to run', 'ran create:web-1', 'released']);
  });

  it('says what both drafts warn of once', async () => {
    await change(yes, [[create], [create]]);
    expect(reporter.events.filter(({ type }) => type === 'note')).toHaveLength(1);
  });

  it('takes no lock when it is declined', async () => {
    const no = (): Promise<void> => Promise.reject(new DeclinedError('Nothing was changed.', { code: 'DECLINED' }));
    expect(await change(no, [[create]])).toMatchObject({ code: 'DECLINED' });
    expect(events).toEqual(['drafted to show', 'asked']);
  });

  it('neither looks nor asks while another run works on the cluster', async () => {
    busy = new BusyError('demo is busy', { code: 'CLUSTER_BUSY' });
    expect(await change(yes, [[create]])).toBe(busy);
    expect(events).toEqual([]);
  });

  it('is busy, not broken, where what it found is the doing of a run that began meanwhile', async () => {
    const found = new RefusedError('there is half a cluster', { code: 'UNKNOWN_NAMESAKE' });
    const began = new BusyError('demo is busy', { code: 'CLUSTER_BUSY' });
    const draft = (): Promise<never> => {
      busy = began;
      return Promise.reject(found);
    };
    expect(await change(yes, [], { draft })).toBe(began);
  });

  it('ends what it began under the lock, while it still holds it, also where the second draft is refused', async () => {
    const refused = new RefusedError('not now', { code: 'QUORUM' });
    const close = async (): Promise<void> => void events.push('closed');
    expect(await change(yes, [[create], refused], { close })).toBe(refused);
    expect(events.slice(-2)).toEqual(['closed', 'released']);
  });
});

describe('a change that is confirmed, of a cluster that other workspaces know too', () => {
  it('holds the Lease from before the draft that is run until the end, and not while it asks', async () => {
    expect(await change(yes, [[create], [create]])).toBe('done');
    expect(heldAt).toEqual(
      new Map([
        ['to show', undefined],
        ['to run', 'cluster apply'],
      ]),
    );
    expect(await leaseHeldBy()).toBeUndefined();
  });

  it('is neither drafted nor asked about while a run of another workspace holds the Lease', async () => {
    await beginElsewhere();
    const refused = await change(yes, [[create]]);
    expect(refused).toMatchObject({
      code: 'CLUSTER_BUSY',
      exitCode: 7,
      details: [expect.stringContaining('process 7 on runner') as string],
    });
    expect(events).toEqual([]);
  });

  it('is not asked about where its draft alone finds the API, and a run of another workspace holds the Lease', async () => {
    isReachable = false;
    await beginElsewhere();
    expect(await change(yes, [[create]], { api: () => api })).toMatchObject({ code: 'CLUSTER_BUSY' });
    expect(events).toEqual(['drafted to show']);
  });

  it('is refused under the lock where a run of another workspace has begun while the question stood', async () => {
    const answer = async (): Promise<void> => void (await beginElsewhere());
    expect(await change(answer, [[create]])).toMatchObject({ code: 'CLUSTER_BUSY' });
    expect(events).toEqual(['drafted to show', 'asked', 'locked', 'released']);
    expect(await leaseHeldBy()).toBe('pool scale');
  });

  it('is not held up by the Lease that a dead run of this workspace left', async () => {
    await beginElsewhere();
    deadRuns = ['c1'];
    expect(await change(yes, [[create], [create]])).toBe('done');
    expect(await leaseHeldBy()).toBeUndefined();
  });
});

describe('a cluster that changed between the question and its answer', () => {
  it('is asked about again with the difference, and nothing is done when that is declined', async () => {
    let answers = 0;
    const once = (): Promise<void> =>
      (answers += 1) === 1
        ? Promise.resolve()
        : Promise.reject(new DeclinedError('Nothing was changed.', { code: 'DECLINED' }));
    expect(await change(once, [[create], [removeNew]])).toMatchObject({ code: 'DECLINED' });
    expect(reporter.asked[1]).toMatchObject({
      question: 'Change demo in 1 steps?',
      details: [
        'new since you were asked, removes: web-4: remove',
        'no longer to be done: web-1: create',
        'remove:web-4',
      ],
    });
    expect(events.at(-1)).toBe('released');
    expect(events.join()).not.toContain('ran');
  });

  it('is changed as it is now once the second question is answered with yes', async () => {
    expect(await change(yes, [[create], [create, removeNew]])).toBe('done');
    expect(events.filter((event) => event === 'asked')).toHaveLength(2);
    expect(events).toContain('ran create:web-1 remove:web-4');
  });

  it.each([
    ['a step that removes nothing came', [removeShown], [removeShown, label]],
    ['a removal that was shown is left', [create, removeShown], [removeShown]],
    ['nothing is left to be done', [removeShown], []],
  ])('goes on with --yes where %s', async (_what, shown, now) => {
    expect(await change(flags(true), [shown, now])).toBe('done');
    expect(events).toContain(`ran ${now.map(({ id }) => id).join(' ')}`);
  });

  it.each([
    ['with --yes', true, [removeShown]],
    ['without a terminal and without a flag, where the first question was harmless', false, [create]],
  ])(
    'is refused %s where something would be removed that was not shown, and says how to look',
    async (_how, yes, shown) => {
      const refused = await change(flags(yes), [shown, [...shown, removeNew]]);
      expect(refused).toBeInstanceOf(RefusedError);
      expect(refused).toMatchObject({ code: 'CHANGED_MEANWHILE', exitCode: 3, details: ['web-4: remove'] });
      expect((refused as RefusedError).hint).toMatch(/: slipway cluster apply demo --json$/);
      expect(events.slice(-2)).toEqual(['asked', 'released']);
    },
  );
});
