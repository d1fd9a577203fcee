import { describe, it } from 'vitest';

import { type Asked, replacesWhenKilled } from '../support/replaced-cluster.js';

describe('`cluster apply` of a file that asks for another type, image or location', () => {
  it.each<[string, Asked, object]>([
    [
      'before a provider’s request',
      { web: 'cax31' },
      { when: 'before', kind: 'provider', what: 'POST /servers$', nth: 2, act: 'kill' },
    ],
    [
      'before a task on a host',
      { server: 'cax31' },
      { when: 'before', kind: 'ssh', what: 'stop-k3s', nth: 1, act: 'kill' },
    ],
    [
      'after a request to Kubernetes',
      { location: 'nbg1' },
      { when: 'after', kind: 'kube', what: 'DELETE .*demo-web', nth: 1, act: 'kill' },
    ],
    [
      'after a write to the workspace',
      { server: 'cax21' },
      { when: 'after', kind: 'workspace', what: 'kubeconfig', nth: 2, act: 'kill' },
    ],
  ])('killed %s is finished by the same command', (_, change, order) => replacesWhenKilled(change, order));
});
