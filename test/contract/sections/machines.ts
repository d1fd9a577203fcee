import { describe, expect, it } from 'vitest';

import { options, type Stage } from './stage.js';

const serverErrors = [500, 502, 503, 504].flatMap((status) => [
  [status, 'before'] as const,
  [status, 'after'] as const,
]);

export function machineContract(stage: Stage): void {
  describe('a machine of an account', () => {
    it('whose create got no answer is made once, and found', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const { machines } = stage.harness.paths;
      stage.harness.outside.cutNext('POST', `^${machines}$`);
      expect((await stage.provider.machines.create(desired, '', made, options)).status).toBe('running');
      expect(await stage.names()).toEqual([desired.name]);
      expect(stage.harness.requests.filter((one) => one === `POST ${machines}`)).toHaveLength(1);
    });

    it.each(serverErrors)('whose create was answered with %i %s the work is made once', async (status, when) => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      stage.harness.outside.failNext(
        'POST',
        `^${stage.harness.paths.machines}$`,
        status,
        'oops',
        when === 'after' ? 'done' : undefined,
      );
      expect((await stage.provider.machines.create(desired, '', made, options)).status).toBe('running');
      expect(await stage.names()).toEqual([desired.name]);
    });

    it.each(serverErrors)('whose delete was answered with %i %s the work is gone', async (status, when) => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const created = await stage.provider.machines.create(desired, '', made, options);
      stage.harness.outside.failNext(
        'DELETE',
        `^${stage.harness.paths.machines}/`,
        status,
        'oops',
        when === 'after' ? 'done' : undefined,
      );
      await stage.provider.machines.delete(created, options);
      expect(await stage.names()).toEqual([]);
    });

    it('left half made by a run that was killed is finished', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const killed = await stage.harness.open({
        boundary: async ({ when, what }) => {
          if (when === 'after' && what === `POST ${stage.harness.paths.machines}`) throw new Error('killed');
        },
      });
      await expect(killed.machines.create(desired, '', made, options)).rejects.toThrow('killed');
      const finished = await stage.provider.machines.create(desired, '', made, options);
      expect(finished).toMatchObject({ name: desired.name, status: 'running' });
      expect(finished.privateAddress).toBeDefined();
      expect(await stage.names()).toEqual([desired.name]);
    });

    it('that can’t be kept apart from its pool is of the next type, or is refused with the reason', async () => {
      const desired = stage.machine(1, { types: [stage.harness.types.first, stage.harness.types.second] });
      const made = await stage.lay(stage.request([desired]));
      const { paths, words, outside } = stage.harness;
      const refuse = (): void => outside.failNext('POST', `^${paths.machines}$`, ...words.crowded);
      refuse();
      const created = await stage.provider.machines.create(desired, '', made, options);
      expect(created.type).toBe(stage.harness.types.second);
      await stage.provider.machines.delete(created, options);
      refuse();
      await expect(
        stage.provider.machines.create(stage.machine(1, { types: [stage.harness.types.first] }), '', made, options),
      ).rejects.toMatchObject({ code: 'PLACEMENT', exitCode: 4 });
      expect(await stage.names()).toEqual([]);
    });

    it('can be replaced while its group is full', async () => {
      const desired = Array.from({ length: 10 }, (_, i) => stage.machine(i + 1));
      const made = await stage.lay(stage.request(desired));
      await Promise.all(desired.map((one) => stage.provider.machines.create(one, '', made, options)));
      const next = stage.machine(1, { generation: 2 });
      expect((await stage.provider.machines.create(next, '', made, options)).status).toBe('running');
      expect(await stage.names()).toHaveLength(11);
    });

    it('that is busy for a moment is deleted all the same', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const created = await stage.provider.machines.create(desired, '', made, options);
      const { paths, words, outside } = stage.harness;
      outside.failNext('DELETE', `^${paths.machines}/`, ...words.busy);
      await stage.provider.machines.delete(created, options);
      expect(await stage.names()).toEqual([]);
    });

    it('that somebody protected is not deleted, and the error says why', async (context) => {
      const { protect } = stage.harness.outside;
      if (!protect) return context.skip();
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const created = await stage.provider.machines.create(desired, '', made, options);
      await protect(created.id);
      await expect(stage.provider.machines.delete(created, options)).rejects.toMatchObject({
        code: 'PROTECTED',
        exitCode: 3,
      });
      expect(await stage.names()).toEqual([desired.name]);
    });
  });
}
