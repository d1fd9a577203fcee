import { describe, expect, it } from 'vitest';

import { canKeepImages } from '../../../src/provider/images.js';
import { canPowerOff } from '../../../src/provider/port.js';
import type { EmulatorHarness, PortHarness } from '../harness.js';
import { cluster, options, type Stage } from './stage.js';

const name = 'slipway/k3s-v1.36.5-k3s1';

/** What holds wherever the disk of a machine can be kept as an image. */
export function imageContract<H extends PortHarness>(stage: Stage<H>): void {
  describe('an image of a machine', () => {
    it('is made once however often it is asked for, and outlives the machine', async (context) => {
      const { provider } = stage;
      if (!canKeepImages(provider) || !canPowerOff(provider)) return context.skip();
      const desired = stage.machine();
      const created = await provider.machines.create(desired, '', await stage.lay(stage.request([desired])), options);
      await provider.powerOff(created, options);
      const made = await provider.images.create({ name, base: desired.image, machine: created }, options);
      expect(made).toMatchObject({ name, base: desired.image, ready: true });
      expect(made.diskGB).toBeGreaterThan(0);
      const again = await provider.images.create({ name, base: desired.image, machine: created }, options);
      expect(again.id).toBe(made.id);
      await provider.machines.delete(created, options);
      expect((await provider.images.list(options)).map(({ id, ready }) => [id, ready])).toEqual([[made.id, true]]);
      for (let turn = 0; turn < 2; turn += 1) await provider.images.delete(made, options);
      expect(await provider.images.list(options)).toEqual([]);
    });

    it('is what machines are made from that ask for its name, which they tell, and is not to be had by another', async (context) => {
      const { provider } = stage;
      if (!canKeepImages(provider) || !canPowerOff(provider)) return context.skip();
      const desired = stage.machine();
      const next = { ...stage.machine(2), image: name };
      const made = await stage.lay(stage.request([desired, next]));
      await expect(provider.preflight(stage.request([next]), options)).resolves.toMatchObject([
        { code: 'UNKNOWN_IMAGE' },
      ]);
      const created = await provider.machines.create(desired, '', made, options);
      await provider.powerOff(created, options);
      const image = await provider.images.create({ name, base: desired.image, machine: created }, options);
      expect(await provider.preflight(stage.request([next]), options)).toEqual([]);
      expect(await provider.machines.create(next, '', made, options)).toMatchObject({
        imageNames: [name, image.id],
        status: 'running',
      });
      // Of one that is gone, machines only tell what they can.
      await provider.images.delete(image, options);
      expect(await provider.machines.list(cluster, options)).toHaveLength(2);
      const third = { ...stage.machine(3), image: name };
      await expect(
        provider.machines.create(third, '', await stage.lay(stage.request([desired, next, third])), options),
      ).rejects.toMatchObject({ code: 'IMAGE_VANISHED' });
    });
  });
}

/** What becomes of an image whose answer is lost. */
export function lostImageContract(stage: Stage<EmulatorHarness>): void {
  it('an image whose answer got lost is found by the machine that it is a copy of, and not made twice', async (context) => {
    const { provider, harness } = stage;
    if (!canKeepImages(provider) || !canPowerOff(provider)) return context.skip();
    const desired = stage.machine();
    const created = await provider.machines.create(desired, '', await stage.lay(stage.request([desired])), options);
    await provider.powerOff(created, options);
    harness.outside.cutNext('POST', '/actions/create_image$');
    const made = await provider.images.create({ name, base: desired.image, machine: created }, options);
    expect(made).toMatchObject({ name, ready: true });
    expect(await provider.images.list(options)).toHaveLength(1);
    expect(harness.requests.filter((one) => one.endsWith('/actions/create_image'))).toHaveLength(1);
  });
}
