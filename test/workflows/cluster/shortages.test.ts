import { expect, it } from 'vitest';

import type { NodeFacts } from '../../../src/kube/types.js';
import { shortages, warnOfShortages } from '../../../src/workflows/cluster/shortages.js';
import type { WorkflowContext } from '../../../src/workflows/context.js';
import { tellingOnce } from '../../../src/workflows/telling-once.js';

const node = (name: string, ...shortOf: string[]) => ({ name, shortOf }) as unknown as NodeFacts;

it('a node that is short of disk space is told with the folders to look at, and one that is well not at all', () => {
  expect(shortages({ nodes: [node('cp-1', 'disk space'), node('cp-2')], machines: [] })).toEqual([
    'cp-1 is short of disk space: its kubelet takes no new pods and ends some of those it has. Make room below /var/lib/rancher and /var/lib/kubelet on it, or give it a larger disk.',
  ]);
  expect(shortages({ nodes: undefined, machines: [{ name: 'cp-1' }] })).toEqual([]);
});

it('a disk that no kubelet watches is told by what its machine says of it', () => {
  const fullDisks = [{ path: '/var/lib/rancher/k3s/server/db', freeMiB: 3 }];
  expect(shortages({ nodes: [node('cp-1')], machines: [{ name: 'cp-1', fullDisks }, { name: 'cp-2' }] })).toEqual([
    'cp-1 has 3 MiB left on the disk of /var/lib/rancher/k3s/server/db: the control plane ends when it is full. Make room there, or give it a larger disk.',
  ]);
});

it('what a run told at its start is not told again at its end', () => {
  const said: string[] = [];
  const context = {
    clock: { now: () => 0 },
    reporter: { emit: (event: { level?: string; text?: string }) => void said.push(`${event.level} ${event.text}`) },
  } as unknown as WorkflowContext;
  const once = tellingOnce(context);
  warnOfShortages(once, { nodes: [node('cp-1', 'memory')], machines: [] });
  warnOfShortages(once, { nodes: [node('cp-1', 'memory'), node('web-1', 'disk space')], machines: [] });
  expect(said.map((line) => line.split(':')[0])).toEqual([
    'warning cp-1 is short of memory',
    'warning web-1 is short of disk space',
  ]);
});
