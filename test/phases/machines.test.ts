import { expect, it } from 'vitest';

import { diffMachines, type Machine, machineName } from '../../src/domain/index.js';
import { clusterSchema } from '../../src/config/cluster-schema.js';
import type { PhaseContext } from '../../src/phases/context.js';
import { planMachines } from '../../src/phases/machines.js';

const cluster = { name: 'demo', id: 'c0ffee' };
const place = { pool: 'cp', role: 'control-plane', slot: 1, generation: 1 } as const;

it('the step that makes a slot’s next machine carries that machine’s name in its id, and people see the slot', () => {
  const spec = clusterSchema.parse({ name: cluster.name, provider: { name: 'x' }, controlPlane: { count: 1 } });
  const defaults = { controlPlaneType: 'any', workerType: 'any', location: 'any', image: 'none' };
  const old: Machine = {
    ...place,
    id: 'm1',
    name: machineName(cluster, place),
    type: 'any',
    location: 'any',
    status: 'running',
    markedForRemoval: true,
    publicAddress: undefined,
    privateAddress: undefined,
    labels: {},
    createdAt: '',
  };
  const next = machineName(cluster, { ...place, generation: 2 });
  const comparison = diffMachines(cluster, spec, defaults, [old]);
  const context = { facts: { comparison, previews: new Map([[next, 'create a machine']]) }, tools: {} };
  const { steps } = planMachines(
    context as unknown as PhaseContext,
    { steps: [], made: () => new Map(), balancer: undefined, needsFor: () => [] },
    { steps: [], servers: [], names: new Map(), machines: new Map() },
    { guard: (create) => create() },
    () => Promise.reject(new Error('nothing is made here')),
  );
  expect(next).not.toBe(old.name);
  expect(steps.map(({ id, target }) => ({ id, target }))).toEqual([{ id: `create:${next}`, target: 'cp-1' }]);
});
