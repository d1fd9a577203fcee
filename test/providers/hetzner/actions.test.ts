import { afterEach, describe, expect, it } from 'vitest';

import { Actions } from '../../../providers/hetzner/actions.js';
import type { WireAction } from '../../../providers/hetzner/wire.js';
import type { FakeClock } from '../../support/fake-clock.js';
import { scriptedApi, wireError, type Answer, type ScriptedApi, type SeenRequest } from './support/scripted-api.js';

const running = (id: number): WireAction => ({
  id,
  command: 'create_server',
  status: 'running',
  progress: 0,
  error: null,
});
const { signal } = new AbortController();

let open: ScriptedApi | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function actionsWith(
  script: (request: SeenRequest, nth: number) => Answer,
): Promise<ScriptedApi & { actions: Actions }> {
  open = await scriptedApi(script);
  return { ...open, actions: new Actions(open.api, open.clock, 1, signal) };
}

const all = ({ query }: SeenRequest, change: Partial<WireAction>): Answer => ({
  status: 200,
  body: { actions: query.getAll('id').map((id) => ({ ...running(Number(id)), ...change })) },
});

describe('long-running actions', () => {
  it('of sixty callers are asked for together, 25 in a request', async () => {
    const { actions, seen } = await actionsWith((request) => all(request, { status: 'success' }));
    await Promise.all(Array.from({ length: 60 }, (_, i) => actions.wait([running(i + 1)], { signal })));
    expect(seen.map(({ query }) => query.getAll('id').length).sort()).toEqual([10, 25, 25]);
  });

  it('are asked for ever more slowly, from half a second to two and a half', async () => {
    const { actions, clock, seen } = await actionsWith((request, nth) =>
      all(request, { status: nth < 12 ? 'running' : 'success' }),
    );
    const started = clock.now();
    await actions.wait([running(1)], { signal });
    expect(seen).toHaveLength(12);
    const waited = clock.now() - started;
    expect(waited).toBeGreaterThan(12 * 500);
    expect(waited).toBeLessThan(12 * 2_500);
  });

  it('that are done already cost no request', async () => {
    const { actions, seen } = await actionsWith((request) => all(request, {}));
    await actions.wait([{ ...running(1), status: 'success' }], { signal });
    expect(seen).toHaveLength(0);
  });

  it('that fail say what failed, and fail nobody else', async () => {
    const { actions } = await actionsWith(() => ({
      status: 200,
      body: {
        actions: [
          { ...running(1), status: 'error', error: { code: 'action_failed', message: 'no host found' } },
          { ...running(2), status: 'success' },
        ],
      },
    }));
    const [first, second] = await Promise.allSettled([
      actions.wait([running(1)], { signal }),
      actions.wait([running(2)], { signal }),
    ]);
    expect(first).toMatchObject({ status: 'rejected', reason: { apiCode: 'action_failed', exitCode: 4 } });
    expect(String((first as PromiseRejectedResult).reason)).toContain('create_server: no host found');
    expect(second.status).toBe('fulfilled');
  });

  it('that Hetzner forgets end the wait', async () => {
    const { actions, seen } = await actionsWith(() => ({ status: 200, body: { actions: [] } }));
    await expect(actions.wait([running(7)], { signal })).rejects.toThrow(/no longer knows action 7/);
    expect(seen).toHaveLength(3);
  });

  it('of a server that answers 500 once are asked for again', async () => {
    const { actions } = await actionsWith((request, nth) =>
      nth === 1 ? wireError(500, 'server_error') : all(request, { status: 'success' }),
    );
    await expect(actions.wait([running(1)], { signal })).resolves.toBeUndefined();
  });

  it.each([
    ['forward', 86_400_000],
    ['back', -86_400_000],
  ])('are waited for ten minutes, also when the computer’s clock is set a day %s meanwhile', async (_way, jump) => {
    const { actions, clock } = await actionsWith((request, nth) => {
      if (nth === 2) (clock as FakeClock).jump(jump);
      return all(request, { status: nth < 5 ? 'running' : 'success' });
    });
    await expect(actions.wait([running(1)], { signal })).resolves.toBeUndefined();
  });

  it('that never end are given up after ten minutes, with what was last seen', async () => {
    // Whatever is done to the computer's clock meanwhile.
    const { actions, clock } = await actionsWith((request) => {
      (clock as FakeClock).jump(-60_000);
      return all(request, { progress: 40 });
    });
    await expect(actions.wait([running(1)], { signal })).rejects.toMatchObject({
      code: 'WAIT_TIMEOUT',
      details: ['last seen: action 1 running at 40 %'],
    });
  });

  it('are left alone once their caller is interrupted', async () => {
    const controller = new AbortController();
    const { actions, seen } = await actionsWith((request) => (controller.abort(new Error('Ctrl-C')), all(request, {})));
    await expect(actions.wait([running(1)], { signal: controller.signal })).rejects.toThrow('Ctrl-C');
    expect(seen).toHaveLength(1);
  });
});
