import { describe, it } from 'vitest';

import { finishesWhenKilled } from '../support/recycled-cluster.js';

describe('`cluster recycle`', () => {
  it.each<[string, 'cp' | 'web', object]>([
    [
      'before a provider’s request',
      'web',
      { when: 'before', kind: 'provider', what: 'POST /servers$', nth: 2, act: 'kill' },
    ],
    ['before a task on a host', 'cp', { when: 'before', kind: 'ssh', what: 'stop-k3s', nth: 1, act: 'kill' }],
    ['after a task on a host', 'cp', { when: 'after', kind: 'ssh', what: 'start-k3s', nth: 2, act: 'kill' }],
    [
      'before it is written down what is to be replaced',
      'web',
      { when: 'before', kind: 'kube', what: 'slipway-recycle', act: 'kill' },
    ],
    [
      'after the last node was deleted',
      'web',
      { when: 'after', kind: 'kube', what: 'DELETE .*demo-web', nth: 2, act: 'kill' },
    ],
    [
      'before it is written off',
      'web',
      { when: 'before', kind: 'kube', what: 'DELETE .*slipway-recycle', act: 'kill' },
    ],
    [
      'after a write to the workspace',
      'cp',
      { when: 'after', kind: 'workspace', what: 'kubeconfig', nth: 2, act: 'kill' },
    ],
  ])('killed %s is finished by the same command, which replaces each node once', (_, pool, order) =>
    finishesWhenKilled(pool, order),
  );
});
