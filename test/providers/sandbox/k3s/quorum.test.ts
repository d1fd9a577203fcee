import { expect, it } from 'vitest';

import { quorumOf } from '../../../../providers/sandbox/k3s/quorum.js';

it.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
  [7, 4],
])('etcd with %i voting members needs %i votes', (voters, votes) => expect(quorumOf(voters)).toBe(votes));
