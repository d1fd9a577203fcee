import { describe, expect, it } from 'vitest';

import type { Boundary } from '../../src/domain/index.js';
import type { WorkspaceOptions } from '../../src/workspace/index.js';
import { openAdmin } from '../../src/workspace/admin/open.js';
import { stanzas } from '../../src/workspace/sealed/age.js';
import type { SmallS3 } from '../support/small-s3.js';
import { bucket, classes, isWhole, killing, moved, recipient } from '../workspace/desk.js';
import { copyOf, fresh, id, isKept, keep, later, opened } from '../workspace/small-parts.js';
import { refusal, testWorkspace } from '../workspace/support.js';

describe('a backup in a bucket', () => {
  it(
    'is written again where the workspace is sealed anew meanwhile, whenever that is',
    { timeout: 600_000 },
    async () => {
      const { server, options } = await moved();
      const reset = copyOf(server);
      const points = await classes(async (boundary) => keep(await opened(options({ boundary }))));
      expect(points.length).toBeGreaterThan(12);
      for (const point of points) {
        reset();
        let done = false;
        const boundary: Boundary = async (passed) => {
          if (done || `${passed.when} ${passed.what}` !== point) return;
          done = true;
          await openAdmin(options({ ...fresh(options()), path: bucket })).rotate({ add: [recipient], remove: [] });
        };
        const early = await opened(options({ ...fresh(options()), boundary }));
        await keep(early);
        expect(done, point).toBe(true);
        const sets = await opened(options(fresh(options())));
        await isKept(sets);
        expect((await sets.list('demo')).ids, point).toEqual([id]);
        const sealed = [...server.objects].filter(([path]) => path.includes('/backups/'));
        for (const [path, { text }] of sealed) expect(stanzas(text), `${point}: ${path}`).toBe(2);
      }
    },
  );
});

describe('a backup in a bucket that is killed', () => {
  it('is no backup or a whole one, wherever that is, and the next one is whole', { timeout: 600_000 }, async () => {
    const { server, options } = await moved();
    await keep(await opened(options()));
    const reset = copyOf(server);
    const points = await classes(async (boundary) => keep(await opened(options({ boundary })), later));
    expect(points.length).toBeGreaterThan(12);
    for (const point of points) {
      reset();
      const { boundary, killed } = killing(point);
      const work = keep(await opened(options({ ...fresh(options()), boundary })), later);
      expect(await Promise.race([killed, work.then(() => 'done')]), point).toBe('killed');
      const sets = await opened(options(fresh(options())));
      for (const one of (await sets.list('demo')).ids) await isKept(sets, one);
      await isKept(sets, id);
      const next = later.replace('16-00', '16-30');
      await keep(sets, next);
      await isKept(sets, next);
    }
  });
});

/** A server that is gone from one request on, until it is back. */
function unsteady() {
  let from: string | undefined;
  let gone = false;
  const seen = new Set<string>();
  return {
    trouble: (method: string, key: string) => {
      const request = `${method} ${key.replace(/[0-9a-f]{16}|2026-11-26t16-\d\d/, '…')}`;
      seen.add(request);
      if (request === from) gone = true;
      return gone ? ('cut' as const) : undefined;
    },
    seen,
    goneFrom: (request: string) => void (from = request),
    back: () => void ([from, gone] = [undefined, false]),
  };
}

interface Interrupted {
  readonly work: (options: WorkspaceOptions) => Promise<unknown>;
  /** What is true at any time while the server is back. */
  readonly always?: (options: WorkspaceOptions, request: string) => Promise<void>;
  readonly finished: (options: WorkspaceOptions, request: string, server: SmallS3) => Promise<void>;
  /** What is there before. */
  readonly given?: (options: WorkspaceOptions) => Promise<unknown>;
}

/** Has the server go away at each kind of request that some work makes, come back, and the same work done again. */
async function survives({ work, always, finished, given }: Interrupted): Promise<void> {
  const line = unsteady();
  const { server, options } = await moved({ trouble: line.trouble });
  await given?.(options());
  const reset = copyOf(server);
  const run = (): WorkspaceOptions => options(fresh(options()));
  line.seen.clear();
  await work(run());
  const requests = [...line.seen];
  expect(requests.length).toBeGreaterThan(5);
  for (const request of requests) {
    reset();
    line.goneFrom(request);
    const here = run();
    const error = await refusal(work(here));
    expect(error, request).toMatchObject({ code: 'S3_UNAVAILABLE', exitCode: 4 });
    expect(error.hint, request).toContain('run the same command again');
    line.back();
    await always?.(run(), request);
    await work({ ...here, ...alive() });
    await finished(run(), request, server);
  }
}

let pids = 100_000;
/** The next process of the same computer: the one before it is dead. */
const alive = (): Pick<WorkspaceOptions, 'process' | 'processes'> => {
  const pid = (pids += 1);
  return {
    process: { pid, host: 'desk', user: 'ada' },
    processes: { isAlive: (one) => Promise.resolve(one === pid), startTime: () => Promise.resolve(undefined) },
  };
};

describe('a bucket whose server goes away', { timeout: 600_000 }, () => {
  it('in the middle of a backup has no half of one that counts, and takes the next one', async () => {
    let nth = 0;
    await survives({
      given: async (options) => keep(await opened(options)),
      // Each try is a backup of its own.
      work: async (options) => keep(await opened(options), later.replace('16-00', `16-${10 + ((nth += 1) % 50)}`)),
      always: async (options, request) => {
        const sets = await opened(options);
        await isKept(sets);
        for (const one of (await sets.list('demo')).ids)
          await expect(isKept(sets, one), request).resolves.toBeUndefined();
      },
      finished: async (options) => {
        const sets = await opened(options);
        await isKept(sets, (await sets.list('demo')).ids[0]);
      },
    });
  });

  it('in the middle of a restore’s reading has lost nothing, and is read by the same command', async () => {
    await survives({
      given: async (options) => keep(await opened(options)),
      work: async (options) => isKept(await opened(options)),
      finished: async (options) => isKept(await opened(options)),
    });
  });

  it('in the middle of a removal shows no backup that has lost a part, and is cleared by the same command', async () => {
    await survives({
      given: async (options) => {
        const sets = await opened(options);
        await keep(sets);
        await keep(sets, later);
      },
      work: async (options) => (await opened(options)).remove('demo', id),
      always: async (options) => {
        const sets = await opened(options);
        for (const one of (await sets.list('demo')).ids) await isKept(sets, one);
      },
      finished: async (options, request, server) => {
        expect(await (await opened(options)).list('demo'), request).toEqual({ ids: [later], unfinished: [] });
        expect([...server.objects.keys()].filter((key) => key.includes(id))).toEqual([]);
      },
    });
  });

  it('in the middle of being sealed anew stays open to those it was open to, and is finished by the same command', async () => {
    await survives({
      given: async (options) => keep(await opened(options)),
      work: (options) => openAdmin({ ...options, path: bucket }).rotate({ add: [recipient], remove: [] }),
      always: async (options) => {
        await isWhole(testWorkspace(bucket, options));
        await isKept(await opened(options));
      },
      finished: async (options, request, server) => {
        await isWhole(testWorkspace(bucket, options));
        await isKept(await opened(options));
        const sealed = [...server.objects].filter(([path]) => !path.endsWith('/lock'));
        for (const [path, { text }] of sealed) expect(stanzas(text), `${request}: ${path}`).toBe(2);
      },
    });
  });
});
