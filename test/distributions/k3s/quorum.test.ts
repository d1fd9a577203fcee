import { describe, expect, it } from 'vitest';

import { etcd, votersAmong } from '../../../src/distributions/k3s/etcd.js';
import { refuseQuorumLoss } from '../../../src/phases/quorum.js';

const member = 'etcd.k3s.cattle.io/node-name';
const removed = 'etcd.k3s.cattle.io/removed-node-name';

/** Nodes: `v` votes, `-` is down, `l` is a learner, `o` was taken out and is down, `a` is an agent. */
const nodes = (states: string) =>
  [...states].map((state, i) => ({
    name: `s${i + 1}`,
    controlPlane: state !== 'a',
    ready: 'vla'.includes(state),
    conditions: state === 'a' ? {} : { EtcdIsVoter: state !== 'l' },
    annotations: { [member]: `s${i + 1}-x`, ...(state === 'o' ? { [removed]: `s${i + 1}-x` } : {}) },
  }));
const refused = (states: string, leaving: string): boolean => {
  try {
    refuseQuorumLoss(etcd, leaving, nodes(states), 'demo');
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: 'QUORUM', exitCode: 3 });
    return true;
  }
};

describe('members of etcd', () => {
  it('are the servers that vote or would if they were up, not learners, agents or those taken out', () => {
    expect(votersAmong(nodes('v-loa'))).toEqual([
      { name: 's1', voting: true },
      { name: 's2', voting: false },
    ]);
  });

  it.each([
    ['vvv', 's1', false],
    ['vv-', 's1', true],
    ['vv-', 's3', false],
    ['v', 's1', true],
    ['vl', 's2', false],
    ['vo', 's2', false],
    ['vvo', 's3', false],
    ['vvo', 's1', false],
    ['vva', 's1', false],
    ['vv--', 's4', true],
    ['vv-o', 's4', false],
  ])('%s: taking away %s is refused: %s', (states, leaving, is) => {
    expect(refused(states, leaving)).toBe(is);
  });
});
