import { describe, expect, it } from 'vitest';

import type { MachineRequest } from '../../../src/provider/port.js';
import { cluster, options, type Stage } from './stage.js';

export function infrastructureContract(stage: Stage): void {
  describe('the infrastructure', () => {
    const desiredMachines = (): MachineRequest[] => [
      ...[1, 2, 3].map((slot) => stage.machine(slot, { pool: 'cp' })),
      ...Array.from({ length: 12 }, (_, i) => stage.machine(i + 1)),
    ];

    it('survives answers that got lost', async () => {
      for (const path of stage.harness.paths.others) stage.harness.outside.cutNext('POST', `^${path}$`);
      await stage.lay(stage.request(desiredMachines()));
      const everything = await stage.harness.outside.everything();
      expect(everything).toEqual([...new Set(everything)]);
    });

    it.each(['before', 'after'] as const)('survives answers of 500 and 503 %s the work', async (when) => {
      for (const [i, path] of stage.harness.paths.others.entries()) {
        const status = i % 2 === 0 ? 500 : 503;
        stage.harness.outside.failNext('POST', `^${path}$`, status, 'oops', when === 'after' ? 'done' : undefined);
        stage.harness.outside.failNext('DELETE', `^${path}/`, status, 'oops', when === 'after' ? 'done' : undefined);
      }
      await stage.lay(stage.request(desiredMachines()));
      const everything = await stage.harness.outside.everything();
      expect(everything).toEqual([...new Set(everything)]);
      for (const item of await stage.provider.infrastructure.list(cluster, options))
        await stage.provider.infrastructure.remove(item, options);
      expect(await stage.harness.outside.everything()).toEqual([]);
    });

    it('keeps machines of one pool apart, ten in a group', async () => {
      const machines = desiredMachines();
      const resources = await stage.provider.infrastructure.plan(stage.request(machines), options);
      const groupOf = (one: MachineRequest): string[] =>
        stage.provider.infrastructure
          .neededBy(one, resources)
          .map(({ id }) => id)
          .filter((id) => id.startsWith('placement:'));
      expect(machines.map((one) => groupOf(one).join())).toEqual([
        ...Array.from({ length: 3 }, () => 'placement:cp:1'),
        ...Array.from({ length: 10 }, () => 'placement:web:1'),
        ...Array.from({ length: 2 }, () => 'placement:web:2'),
      ]);
    });

    it('has an address for the API as soon as there are several control planes', async () => {
      const one = await stage.provider.infrastructure.plan(stage.request([stage.machine(1, { pool: 'cp' })]), options);
      expect(one.map((resource) => resource.id)).not.toContain('api-balancer');
      const made = await stage.lay(stage.request(desiredMachines()));
      const { addresses } = stage.harness;
      expect(made.get('api-balancer')?.address).toMatch(addresses.api ?? addresses.private);
    });

    it('is removed although a part of it is still busy for a moment', async () => {
      await stage.lay(stage.request([stage.machine()]));
      const firewalls = stage.harness.paths.others.find((path) => path.endsWith('firewalls'))!;
      stage.harness.outside.failNext('DELETE', `^${firewalls}/`, ...stage.harness.words.inUse);
      for (const item of await stage.provider.infrastructure.list(cluster, options))
        await stage.provider.infrastructure.remove(item, options);
      expect(await stage.harness.outside.everything()).toEqual([]);
    });
  });
}
