import { describe, expect, it } from 'vitest';

import type { MachineProvider, MachineRequest } from '../../../src/provider/port.js';
import type { PortHarness } from '../harness.js';
import { cluster, options, type Stage } from './stage.js';

/** What holds wherever machines come from: rented, or there already. */
export function everyContract<H extends PortHarness>(stage: Stage<H>): void {
  describe('a machine', () => {
    it('runs and has its addresses once create resolves', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const created = await stage.provider.machines.create(desired, '#cloud-config\n', made, options);
      expect(created).toMatchObject({
        ...machineSlot(desired),
        name: desired.name,
        status: 'running',
        labels: desired.labels,
      });
      expect(created.type).toBe(stage.harness.types.first);
      expect(created.location).toBe(stage.harness.places.first);
      expect(created.publicAddress).toMatch(stage.harness.addresses.public);
      expect(created.privateAddress).toMatch(stage.harness.addresses.private);
      expect(await stage.provider.machines.list(cluster, options)).toEqual([created]);
    });

    it('asked for again is the same machine', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const first = await stage.provider.machines.create(desired, '', made, options);
      const second = await (await stage.harness.open()).machines.create(desired, '', made, options);
      expect(second.id).toBe(first.id);
      expect(await stage.names()).toEqual([desired.name]);
    });

    it('asked for by two at once is one machine', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const both = await Promise.all(
        [stage.provider, await stage.harness.open()].map((one) => one.machines.create(desired, '', made, options)),
      );
      expect(both[0]?.id).toBe(both[1]?.id);
      expect(both.map((one) => one.status)).toEqual(['running', 'running']);
      expect(await stage.names()).toEqual([desired.name]);
    });

    it('is gone once delete resolves; deleting it again succeeds', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const created = await stage.provider.machines.create(desired, '', made, options);
      await stage.provider.machines.delete(created, options);
      expect(await stage.names()).toEqual([]);
      await stage.provider.machines.delete(created, options);
    });

    it('still runs after a reboot', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const created = await stage.provider.machines.create(desired, '', made, options);
      await stage.provider.machines.reboot(created, options);
      expect((await stage.provider.machines.list(cluster, options))[0]).toMatchObject({
        id: created.id,
        status: 'running',
      });
    });

    it('is listed only for its own cluster', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      await stage.provider.machines.create(desired, '', made, options);
      await stage.harness.outside.machine('pet');
      expect(await stage.names()).toEqual([desired.name]);
      expect(await stage.provider.machines.list({ name: cluster.name, id: 'other1' }, options)).toEqual([]);
    });

    it('is one of many, which are listed completely', async () => {
      const desired = Array.from({ length: stage.harness.many }, (_, i) => stage.machine(i + 1));
      const made = await stage.lay(stage.request(desired));
      await Promise.all(desired.map((one) => stage.provider.machines.create(one, '', made, options)));
      expect(await stage.names()).toEqual(desired.map((one) => one.name).sort());
    });

    it('is found with its cluster by any later run, nothing but the provider to tell', async () => {
      expect(await stage.provider.clusters(options)).toEqual([]);
      const desired = [stage.machine(1), stage.machine(2)];
      const made = await stage.lay(stage.request(desired));
      for (const one of desired) await stage.provider.machines.create(one, '', made, options);
      await stage.harness.outside.machine('pet');
      const found = await (await stage.harness.open()).clusters(options);
      expect(found.filter(({ id }) => id === cluster.id)).toEqual([{ ...cluster, machines: 2, distribution: 'k3s' }]);
    });
  });

  describe('before anything is made', () => {
    it('finds nothing wrong with a cluster that can be made, and changes nothing', async () => {
      expect(await stage.codes(stage.request([stage.machine(1, { pool: 'cp' }), stage.machine(1)]))).toEqual([]);
      expect(await stage.harness.outside.everything()).toEqual([]);
    });

    it('has the types that are asked for when a file names none', async () => {
      const { machineTypes, locations } = await stage.provider.catalog(options);
      const { controlPlaneType, workerType, location } = stage.provider.defaults;
      const known = machineTypes.map((type) => type.name);
      expect(known).toEqual(expect.arrayContaining([controlPlaneType, workerType]));
      expect(locations.map((one) => one.name)).toContain(location);
      const desired = stage.machine(1, { types: [workerType], location, image: stage.provider.defaults.image });
      expect(await stage.codes(stage.request([desired], { locations: [location] }))).toEqual([]);
    });
  });

  describe('a run', () => {
    it('killed at any of its points and run again ends as if it had never been killed', async () => {
      const machines = [...[1, 2].map((slot) => stage.machine(slot, { pool: 'cp' })), stage.machine(1)];
      const run = async (by: MachineProvider): Promise<void> => {
        stage.provider = by;
        const made = await stage.lay(stage.request(machines));
        for (const one of machines) await by.machines.create(one, '', made, options);
      };
      let points = 0;
      await run(await stage.harness.open({ boundary: async () => void (points += 1) }));
      const whole = await stage.harness.outside.everything();
      await empty();
      for (let nth = 1; nth <= points; nth += stage.harness.killStride ?? 1) {
        let passed = 0;
        const killed = await stage.harness.open({
          boundary: async () => {
            passed += 1;
            if (passed >= nth) throw new Error('killed');
          },
        });
        await run(killed).catch(() => undefined);
        await run(await stage.harness.open());
        expect(stable(await stage.harness.outside.everything()), `killed at point ${nth}`).toEqual(stable(whole));
        await empty();
      }
    });

    const empty = async (): Promise<void> => {
      const by = await stage.harness.open();
      for (const one of await by.machines.list(cluster, options)) await by.machines.delete(one, options);
      for (const item of await by.infrastructure.list(cluster, options)) await by.infrastructure.remove(item, options);
      expect(await stage.harness.outside.everything()).toEqual([]);
    };

    /** Addresses get a name with a number from the stage.provider. */
    const stable = (everything: readonly string[]): string[] =>
      everything.map((one) => one.replace(/\d{4,}/, '#')).sort();
  });
}

const machineSlot = ({ pool, role, slot, generation }: MachineRequest) => ({ pool, role, slot, generation });
