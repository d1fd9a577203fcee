import { expect, it } from 'vitest';

import type { Machine } from '../../../src/domain/index.js';
import type { NodeFacts } from '../../../src/kube/types.js';
import type { Observation } from '../../../src/workflows/cluster/observe.js';
import { membersOf } from '../../../src/workflows/cluster/rotate/look.js';

const machine = (name: string, markedForRemoval = false): Machine =>
  ({ name, role: 'worker', markedForRemoval }) as Machine;
const machines = [machine('one'), machine('two', true), machine('three', true), machine('four', true), machine('down')];
const members = (nodes: ReadonlyMap<string, NodeFacts> | undefined): readonly string[] =>
  membersOf({ facts: { machines, nodes }, distribution: {} } as unknown as Observation).map(({ name }) => name);

it('a rotation leaves out machines that are on their way out and down, and nothing else', () => {
  const nodes = [
    { name: 'one', ready: true },
    { name: 'two', ready: true },
    { name: 'three', ready: false },
    { name: 'down', ready: false },
  ];
  expect(members(new Map(nodes.map((node) => [node.name, node as NodeFacts])))).toEqual(['one', 'two', 'down']);
  // Where nobody tells which nodes there are, all of them may be.
  expect(members(undefined)).toHaveLength(5);
});
