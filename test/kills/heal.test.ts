import { describe, it } from 'vitest';

import { healsWhenKilled } from '../support/healed-cluster.js';

describe('`cluster heal` that was killed goes on', () => {
  it.each<[string, 'workers-1' | 'cp-3', object]>([
    [
      'before it is remembered what is done',
      'workers-1',
      { when: 'before', kind: 'kube', what: 'slipway-heal', act: 'kill' },
    ],
    [
      'after it was remembered what is done',
      'workers-1',
      { when: 'after', kind: 'kube', what: 'slipway-heal', act: 'kill' },
    ],
    ['before its node is marked', 'workers-1', { when: 'before', kind: 'kube', what: 'PATCH nodes/', act: 'kill' }],
    ['after its node was marked', 'workers-1', { when: 'after', kind: 'kube', what: 'PATCH nodes/', act: 'kill' }],
    [
      'before its machine is deleted',
      'workers-1',
      { when: 'before', kind: 'provider', what: 'DELETE /servers/', act: 'kill' },
    ],
    ['before its node is deleted', 'cp-3', { when: 'before', kind: 'kube', what: 'DELETE nodes/', act: 'kill' }],
    [
      'in the midst of a task on the fresh machine',
      'workers-1',
      { when: 'after', kind: 'ssh', what: 'install-k3s', act: 'kill' },
    ],
    [
      'after a write into the workspace',
      'workers-1',
      { when: 'after', kind: 'workspace', what: 'workers-1-', act: 'kill' },
    ],
  ])('%s (%s)', (_, place, order) => healsWhenKilled(place, order));
});
