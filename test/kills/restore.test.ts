import { describe, it } from 'vitest';

import { killedAt, restoresWhenKilled } from '../support/restored-cluster.js';

describe('cluster restore', () => {
  it.each([
    killedAt('before', 'provider', 'POST /servers'),
    killedAt('after', 'workspace', 'record.json'),
    killedAt('before', 'ssh', 'upload'),
    killedAt('after', 'ssh', 'upload'),
    killedAt('after', 'ssh', 'restore-etcd'),
    killedAt('before', 'ssh', 'start-k3s'),
    killedAt('before', 'ssh', 'renew-nodes'),
    killedAt('after', 'ssh', 'renew-nodes'),
  ])('goes on when it is run again after it was killed: %j', restoresWhenKilled);
});
