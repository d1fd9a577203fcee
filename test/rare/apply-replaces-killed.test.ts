import { describe, it } from 'vitest';

import { type Asked, replacesWhenKilled } from '../support/replaced-cluster.js';

describe('`cluster apply` of a file that asks for another type, image or location', () => {
  it.each<[string, Asked, object]>([
    [
      'after a provider’s request',
      { server: 'cax31' },
      { when: 'after', kind: 'provider', what: 'DELETE /servers/', nth: 2, act: 'kill' },
    ],
    [
      'after a task on a host',
      { web: 'cax31' },
      { when: 'after', kind: 'ssh', what: 'start-k3s', nth: 2, act: 'kill' },
    ],
  ])('killed %s is finished by the same command', (_, change, order) => replacesWhenKilled(change, order));
});
