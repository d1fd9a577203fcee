import { afterEach, describe, expect, it } from 'vitest';

import { Actions } from '../../../providers/hetzner/actions.js';
import { removeOwnedResource } from '../../../providers/hetzner/owned-resources.js';
import { removeItem } from '../../../providers/hetzner/infrastructure/remove.js';
import { scriptedApi, wireError, type Reply, type ScriptedApi } from './support/scripted-api.js';

const { signal } = new AbortController();
const options = { signal };
const action = (status: string): object => ({
  id: 7,
  command: 'delete_load_balancer',
  status,
  progress: 0,
  error: status === 'error' ? { code: 'action_failed', message: 'no luck' } : null,
});

let open: ScriptedApi | undefined;
afterEach(() => open?.close());

async function cloudWith(script: (what: string, nth: number) => Reply) {
  open = await scriptedApi(({ method, path }, nth) => script(`${method} ${path}`, nth));
  const { api, clock, seen } = open;
  const hetzner = { api, clock, pace: 1, networkLimit: 100, actions: new Actions(api, clock, 1, signal) };
  return { hetzner, requests: () => seen.map(({ method, path }) => `${method} ${path}`) };
}

const removals = [
  ['Slipway’s own', { kind: 'load balancer', id: '5', name: 'api' }, removeItem],
  [
    'a Service’s',
    { kind: 'load-balancer', id: '5', name: 'web', because: 'label', monthly: 5 } as const,
    removeOwnedResource,
  ],
] as const;

describe.each(removals)('deleting %s load balancer', (_whose, item, remove) => {
  // The two kinds of item are told apart by the table, not by the compiler.
  const removed = remove as (hetzner: unknown, item: unknown, call: typeof options) => Promise<void>;

  it('is done with an answer without a body, as before October 2026', async () => {
    const { hetzner, requests } = await cloudWith(() => ({ status: 204 }));
    await removed(hetzner, item, options);
    expect(requests()).toEqual(['DELETE /load_balancers/5']);
  });

  it('waits for the action that the answer names, as since then', async () => {
    const { hetzner, requests } = await cloudWith((what, nth) =>
      what.startsWith('DELETE')
        ? { status: 201, body: { action: action('running') } }
        : { status: 200, body: { actions: [action(nth < 4 ? 'running' : 'success')] } },
    );
    await removed(hetzner, item, options);
    expect(requests()).toEqual(['DELETE /load_balancers/5', 'GET /actions', 'GET /actions', 'GET /actions']);
  });

  it('that failed in its action is told, with the reason', async () => {
    const { hetzner } = await cloudWith(() => ({ status: 201, body: { action: action('error') } }));
    await expect(removed(hetzner, item, options)).rejects.toThrow('delete_load_balancer: no luck');
  });

  it('whose first answer was lost is waited for until it is gone', async () => {
    const { hetzner, requests } = await cloudWith((_what, nth) =>
      nth === 1 ? wireError(500, 'server_error') : nth < 4 ? wireError(423, 'locked') : wireError(404, 'not_found'),
    );
    await removed(hetzner, item, options);
    expect(requests()).toHaveLength(4);
  });
});
