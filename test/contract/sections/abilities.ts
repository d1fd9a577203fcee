import { describe, expect, it } from 'vitest';

import { canPowerOff, canRelabel } from '../../../src/provider/port.js';
import type { PortHarness } from '../harness.js';
import { cluster, options, type Stage } from './stage.js';

/** What holds of abilities that a provider has beside those that each must have. */
export function abilityContract<H extends PortHarness>(stage: Stage<H>): void {
  describe('a machine whose power can be cut', () => {
    it('is off once that resolves, stays listed, and may be off or gone already', async (context) => {
      const { provider } = stage;
      if (!canPowerOff(provider)) return context.skip();
      const desired = stage.machine();
      const created = await provider.machines.create(desired, '', await stage.lay(stage.request([desired])), options);
      for (let turn = 0; turn < 2; turn += 1) {
        await provider.powerOff(created, options);
        expect(await provider.machines.list(cluster, options)).toMatchObject([{ id: created.id, status: 'off' }]);
      }
      await provider.machines.delete(created, options);
      await provider.powerOff(created, options);
      expect(await stage.names()).toEqual([]);
    });
  });

  describe('a machine that can be given another place', () => {
    it('has its new name and exactly those labels, once or twice, and its old name is free', async (context) => {
      const { provider } = stage;
      if (!canRelabel(provider)) return context.skip();
      const desired = stage.machine();
      const next = stage.machine(2);
      const made = await stage.lay(stage.request([desired, next]));
      const { id, ...created } = await provider.machines.create(desired, '', made, options);
      for (let turn = 0; turn < 2; turn += 1) {
        const machine = await provider.relabel({ id, name: created.name }, next, options);
        expect(machine).toMatchObject({ id, name: next.name, slot: 2, labels: next.labels, status: 'running' });
        expect(machine.privateAddress).toBe(created.privateAddress);
      }
      expect(await provider.machines.list(cluster, options)).toMatchObject([{ id, name: next.name, slot: 2 }]);
      expect((await provider.machines.create(desired, '', made, options)).id).not.toBe(id);
    });

    it('is left as it is where another machine has that name, or where it is gone', async (context) => {
      const { provider } = stage;
      if (!canRelabel(provider)) return context.skip();
      const [desired, next] = [stage.machine(), stage.machine(2)];
      const made = await stage.lay(stage.request([desired, next]));
      const created = await provider.machines.create(desired, '', made, options);
      await stage.harness.outside.machine(next.name);
      await expect(provider.relabel(created, next, options)).rejects.toMatchObject({ code: 'NAME_TAKEN', exitCode: 3 });
      expect(await stage.names()).toEqual([desired.name]);
      await provider.machines.delete(created, options);
      await expect(provider.relabel(created, desired, options)).rejects.toMatchObject({ code: 'MACHINE_VANISHED' });
    });
  });
}
