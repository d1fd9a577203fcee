import { expect, it } from 'vitest';

import { healthProblems } from '../../../src/workflows/cluster/status.js';

const machines = [
  { name: 'cp-1', status: 'running' },
  { name: 'web-1', status: 'running' },
] as const;
const ready = { ready: true, notReadyBecause: undefined };
const etcd = { members: 3, voters: 3, needed: 2, spare: 1 };

it.each([
  ['is healthy with every machine running and every node Ready', [], machines, { 'cp-1': ready, 'web-1': ready }, etcd],
  ['is not healthy while its API is silent', ['the Kubernetes API does not answer'], machines, undefined, undefined],
  [
    'is not healthy with a server that does not vote',
    ['2 of 3 etcd members vote'],
    machines,
    { 'cp-1': ready, 'web-1': ready },
    { ...etcd, voters: 2, spare: 0 },
  ],
  [
    'is not healthy with a machine that is off and its node gone',
    ['web-1 is off', 'web-1 is no node of the cluster'],
    [machines[0], { name: 'web-1', status: 'off' as const }],
    { 'cp-1': ready },
    etcd,
  ],
  [
    'is not healthy with a node that is not Ready, and says why',
    ['web-1 is not Ready: kubelet stopped'],
    machines,
    { 'cp-1': ready, 'web-1': { ready: false, notReadyBecause: 'kubelet stopped' } },
    etcd,
  ],
])('a cluster %s', (_, problems, there, nodes, votes) => {
  expect(healthProblems(there, nodes && new Map(Object.entries(nodes)), votes)).toEqual(problems);
});
