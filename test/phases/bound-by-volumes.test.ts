import { describe, expect, it } from 'vitest';

import type { Comparison, DesiredMachine } from '../../src/domain/index.js';
import { boundByVolumes } from '../../src/phases/bound-by-volumes.js';
import { noStandbys } from '../support/no-standbys.js';

const options = { signal: new AbortController().signal };
const cluster = { name: 'demo', id: 'abc123' };
const coming = (name: string, location: string, elsewhere: readonly string[]) =>
  ({ name, location, elsewhere }) as unknown as DesiredMachine;
const there = (name: string, location: string) => ({ name, location }) as unknown as Comparison['current'][number];
const compared = (
  missing: readonly DesiredMachine[],
  current: Comparison['current'] = [],
  excess: Comparison['excess'] = [],
): Comparison => ({ desired: [...missing], missing, current, excess, standbys: noStandbys });
/** Where each machine to come may be, where volumes lie at these locations. */
async function places(comparison: Comparison, ...volumes: string[]): Promise<Record<string, readonly string[]>> {
  const provider = {
    ownedResources: async () =>
      volumes.map((location) => ({
        kind: 'volume' as const,
        id: location,
        name: location,
        location,
        because: 'a claim',
        monthly: 1,
      })),
  };
  const { missing } = await boundByVolumes(provider, cluster, comparison, options);
  return Object.fromEntries(missing.map(({ name, location, elsewhere = [] }) => [name, [location, ...elsewhere]]));
}

describe('a machine to come', () => {
  it('goes to no other location where volumes lie at its own and no machine stays there', async () => {
    const missing = [coming('web-1', 'fsn1', ['nbg1']), coming('web-2', 'nbg1', ['fsn1'])];
    expect(await places(compared(missing, [], [there('old', 'fsn1')]), 'fsn1')).toEqual({
      'web-1': ['fsn1'],
      'web-2': ['nbg1', 'fsn1'],
    });
  });

  it('may go to another location while a machine stays to attach what lies at its own', async () => {
    const missing = [coming('web-1', 'fsn1', ['nbg1'])];
    expect(await places(compared(missing, [there('web-2', 'fsn1')]), 'fsn1')).toEqual({ 'web-1': ['fsn1', 'nbg1'] });
  });

  it('may go to another location in a cluster that has no volumes', async () => {
    const missing = [coming('web-1', 'fsn1', ['nbg1'])];
    expect(await places(compared(missing, [], [there('old', 'fsn1')]))).toEqual({ 'web-1': ['fsn1', 'nbg1'] });
  });
});
