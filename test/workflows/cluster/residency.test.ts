import { expect, it } from 'vitest';

import { clusterSchema } from '../../../src/config/cluster-schema.js';
import type { ClusterFile } from '../../../src/domain/spec/schema.js';
import type { Catalog, ClusterOwnedResource, MachineProvider } from '../../../src/provider/port.js';
import type { Observation } from '../../../src/workflows/cluster/observe.js';
import { residencyProblems } from '../../../src/workflows/cluster/residency.js';

const locations = [
  { name: 'fsn1', country: 'DE' },
  { name: 'hel1', country: 'FI' },
];
const spec = (residency: string[]) =>
  clusterSchema.parse({ name: 'demo', provider: { name: 'x', residency } } satisfies ClusterFile);

/** A cluster with a machine in fsn1, and what it made by itself in these places. */
function problems(residency: string[], owned: readonly Partial<ClusterOwnedResource>[]) {
  const machine = { name: 'demo-cp-1', location: 'fsn1' };
  const provider: Pick<MachineProvider, 'catalog' | 'ownedResources'> = {
    catalog: () => Promise.resolve({ locations } as unknown as Catalog),
    ownedResources: () => Promise.resolve(owned as readonly ClusterOwnedResource[]),
  };
  const observed = {
    request: { cluster: { name: 'demo', id: 'abc' }, locations: ['fsn1'], machines: [machine] },
    facts: { machines: [machine], comparison: { current: [machine] } },
  };
  return residencyProblems(
    provider as MachineProvider,
    spec(residency),
    observed as unknown as Pick<Observation, 'request' | 'facts'>,
    new AbortController().signal,
  );
}

it('a load balancer or volume that the cluster made outside the residency is named, with a way out', async () => {
  const [problem, ...others] = await problems(
    ['DE'],
    [
      { name: 'ingress', location: 'hel1' },
      { name: 'pvc-1', location: 'hel1' },
      { name: 'pvc-2', location: 'fsn1' },
    ],
  );
  expect(others).toEqual([]);
  expect(problem).toMatchObject({
    code: 'OUTSIDE_RESIDENCY',
    kind: 'refused',
    message: 'hel1 is in Finland (FI), outside the residency DE: ingress, pvc-1 are there.',
    hint: 'Services and volume claims made them: add FI to provider.residency, or make these anew elsewhere (fsn1) and delete the old ones in Kubernetes.',
  });
});

it('a place with machines and what they made is named once', async () => {
  const found = await problems(['FI'], [{ name: 'ingress', location: 'fsn1' }]);
  expect(found.map(({ message }) => message)).toEqual([
    'fsn1 is in Germany (DE), outside the residency FI: demo-cp-1, ingress are there.',
  ]);
});

it('what is inside the residency is no problem', async () => {
  expect(await problems(['DE'], [{ name: 'ingress', location: 'fsn1' }])).toEqual([]);
});
