import { describe, expect, it } from 'vitest';

import { describeNode, nodeFacts } from '../../src/kube/node-facts.js';

const node = (metadata: object = {}, conditions: object[] = [{ type: 'Ready', status: 'True' }]) =>
  nodeFacts({
    metadata: { name: 'cp-1', ...metadata },
    status: { conditions, nodeInfo: { kubeletVersion: 'v1.36.5+k3s1' } },
  } as never);

describe('what is known of a node', () => {
  it.each([
    ['Ready', node(), true, 'Ready, v1.36.5+k3s1'],
    ['not heard of yet', node({}, []), false, 'not Ready: its kubelet has not reported yet, v1.36.5+k3s1'],
    [
      'not Ready',
      node({}, [{ type: 'Ready', status: 'Unknown', message: 'Kubelet stopped posting node status.' }]),
      false,
      'not Ready: Kubelet stopped posting node status., v1.36.5+k3s1',
    ],
    [
      'short of disk space',
      node({}, [
        { type: 'Ready', status: 'True' },
        { type: 'DiskPressure', status: 'True' },
        { type: 'MemoryPressure', status: 'False' },
      ]),
      true,
      'Ready, v1.36.5+k3s1, short of disk space',
    ],
    [
      'about to go: it looks well as long as its controllers hold it',
      node({ deletionTimestamp: '2026-11-21T12:00:00Z' }),
      false,
      'not Ready: it is being deleted, v1.36.5+k3s1',
    ],
  ])('%s', (_what, facts, ready, text) => {
    expect(facts.ready).toBe(ready);
    expect(describeNode(facts)).toBe(text);
  });
});
