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
      stage.harness.outside.cutNext('POST', '^/servers$');
      expect((await stage.provider.machines.create(desired, '', made, options)).status).toBe('running');
      expect(await stage.names()).toEqual([desired.name]);
      expect(stage.harness.requests.filter((one) => one === 'POST /servers')).toHaveLength(1);
    });

    it.each(serverErrors)('whose create was answered with %i %s the work is made once', async (status, when) => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      stage.harness.outside.failNext('POST', '^/servers$', status, 'oops', when === 'after' ? 'done' : undefined);
      expect((await stage.provider.machines.create(desired, '', made, options)).status).toBe('running');
      expect(await stage.names()).toEqual([desired.name]);
    });

    it.each(serverErrors)('whose delete was answered with %i %s the work is gone', async (status, when) => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const created = await stage.provider.machines.create(desired, '', made, options);
      stage.harness.outside.failNext('DELETE', '^/servers/', status, 'oops', when === 'after' ? 'done' : undefined);
      await stage.provider.machines.delete(created, options);
      expect(await stage.names()).toEqual([]);
    });

    it('left half made by a run that was killed is finished', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const killed = stage.harness.open({
        boundary: async ({ when, what }) => {
          if (when === 'after' && what === 'POST /servers') throw new Error('killed');
        },
      });
      await expect(killed.machines.create(desired, '', made, options)).rejects.toThrow('killed');
      const finished = await stage.provider.machines.create(desired, '', made, options);
      expect(finished).toMatchObject({ name: desired.name, status: 'running' });
      expect(finished.privateAddress).toBeDefined();
      expect(await stage.names()).toEqual([desired.name]);
    });

    it('that somebody stopped is started when it is asked for again', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const { id } = await stage.provider.machines.create(desired, '', made, options);
      await stage.harness.outside.stop(id);
      expect(await stage.provider.machines.create(desired, '', made, options)).toMatchObject({ id, status: 'running' });
    });

    it('with a name that belongs to somebody else is refused, and left alone', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      await stage.harness.outside.machine(desired.name);
      await expect(stage.provider.machines.create(desired, '', made, options)).rejects.toMatchObject({
        code: 'NAME_TAKEN',
        exitCode: 3,
      });
      expect(await stage.names()).toEqual([]);
      expect(await stage.harness.outside.everything()).toContain(`servers/${desired.name}`);
    });

    it('is of the next type when the first is sold out', async () => {
      const desired = stage.machine(1, { types: [stage.harness.types.first, stage.harness.types.second] });
      const made = await stage.lay(stage.request([desired]));
      stage.harness.outside.sellOut(stage.harness.types.first, stage.harness.places.first);
      expect((await stage.provider.machines.create(desired, '', made, options)).type).toBe(stage.harness.types.second);
    });

    it('whose types are all sold out says so, with what to do', async () => {
      const desired = stage.machine(1, { types: [stage.harness.types.first, stage.harness.types.second] });
      const made = await stage.lay(stage.request([desired]));
      for (const type of desired.types) stage.harness.outside.sellOut(type, stage.harness.places.first);
      const error: unknown = await stage.provider.machines.create(desired, '', made, options).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'SOLD_OUT', exitCode: 4 });
      expect(String(error)).toContain(desired.name);
      for (const type of desired.types) expect(String(error)).toContain(type);
    });

    it('beyond the account’s limit is refused with what exists, and both ways on', async () => {
      const desired = [stage.machine(1), stage.machine(2)];
      const made = await stage.lay(stage.request(desired));
      stage.harness.outside.quota(1);
      await stage.provider.machines.create(desired[0]!, '', made, options);
      await expect(stage.provider.machines.create(desired[1]!, '', made, options)).rejects.toMatchObject({
        code: 'RESOURCE_LIMIT',
        exitCode: 4,
        details: expect.arrayContaining([expect.stringContaining(desired[0]!.name)]) as unknown,
        hint: expect.stringMatching(/apply demo.*delete demo/) as unknown,
      });
    });

    it('that exists is found even when the account is full', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const { id } = await stage.provider.machines.create(desired, '', made, options);
      stage.harness.outside.quota(1);
      expect((await stage.provider.machines.create(desired, '', made, options)).id).toBe(id);
    });

    it('that can’t be kept apart from its pool is of the next type, or is refused with the reason', async () => {
      const desired = stage.machine(1, { types: [stage.harness.types.first, stage.harness.types.second] });
      const made = await stage.lay(stage.request([desired]));
      const refuse = (): void => stage.harness.outside.failNext('POST', '^/servers$', 422, 'placement_error');
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
      stage.harness.outside.failNext('DELETE', '^/servers/', 423, 'locked');
      await stage.provider.machines.delete(created, options);
      expect(await stage.names()).toEqual([]);
    });

    it('that somebody protected is not deleted, and the error says why', async () => {
      const desired = stage.machine();
      const made = await stage.lay(stage.request([desired]));
      const created = await stage.provider.machines.create(desired, '', made, options);
      await stage.harness.outside.protect(created.id);
      await expect(stage.provider.machines.delete(created, options)).rejects.toMatchObject({
        code: 'PROTECTED',
        exitCode: 3,
      });
      expect(await stage.names()).toEqual([desired.name]);
    });
  });
}
