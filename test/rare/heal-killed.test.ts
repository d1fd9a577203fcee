import { describe, it } from 'vitest';

import { healsWhenKilled } from '../support/healed-cluster.js';

describe('`cluster heal` that was killed goes on', () => {
  it.each<[string, 'workers-1' | 'cp-3', object]>([
    [
      'in the midst of deleting its pods',
      'workers-1',
      { when: 'after', kind: 'kube', what: 'DELETE pods/', act: 'kill' },
    ],
    [
      'after its machine was deleted',
      'cp-3',
      { when: 'after', kind: 'provider', what: 'DELETE /servers/', act: 'kill' },
    ],
    [
      'after a fresh machine was asked for',
      'cp-3',
      { when: 'after', kind: 'provider', what: 'POST /servers$', act: 'kill' },
    ],
  ])('%s (%s)', (_, place, order) => healsWhenKilled(place, order));
});
