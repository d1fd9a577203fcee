import { describe, it } from 'vitest';

import { killedAt, restoresWhenKilled } from '../support/restored-cluster.js';

describe('cluster restore', () => {
  it.each([
    killedAt('after', 'provider', 'POST /servers'),
    killedAt('before', 'ssh', 'restore-etcd'),
    killedAt('after', 'ssh', 'start-k3s'),
  ])('goes on when it is run again after it was killed: %j', restoresWhenKilled);
});
