import { describe, expect, it } from 'vitest';

import type { CreatedResource, MachineRequest } from '../../../src/provider/port.js';
import type { CloudHarness } from '../harness.js';
import { cluster, newPublicKey, options, type Stage } from './stage.js';

/** What holds wherever machines are made in an account, whoever its cloud is and however it is tested. */
export function cloudContract<H extends CloudHarness>(stage: Stage<H>): void {
  describe('the infrastructure', () => {
    const desiredMachines = (): MachineRequest[] => [
      ...[1, 2, 3].map((slot) => stage.machine(slot, { pool: 'cp' })),
      ...Array.from({ length: 12 }, (_, i) => stage.machine(i + 1)),
    ];

    it('is planned, made, and then planned as present', async () => {
      const desired = stage.request(desiredMachines());
      const before = await stage.provider.infrastructure.plan(desired, options);
      expect(new Set(before.map((resource) => resource.state))).toEqual(new Set(['missing']));
      expect(await stage.harness.outside.everything()).toEqual([]);
      const made = await stage.lay(desired);
      const after = await (await stage.harness.open()).infrastructure.plan(desired, options);
      expect(after.map((resource) => [resource.id, resource.state, resource.ready])).toEqual(
        before.map((resource) => [resource.id, 'present', made.get(resource.id)]),
      );
    });

    it('made again is the same', async () => {
      const desired = stage.request(desiredMachines());
      const first = await stage.lay(desired);
      const everything = await stage.harness.outside.everything();
      expect(await stage.lay(desired)).toEqual(first);
      expect(await stage.harness.outside.everything()).toEqual(everything);
    });

    it('made from a plan that is out of date is still made once', async () => {
      const desired = stage.request(desiredMachines());
      const stale = await stage.provider.infrastructure.plan(desired, options);
      const first = await stage.lay(desired);
      const made = new Map<string, CreatedResource>();
      for (const resource of stale)
        made.set(resource.id, await (await stage.harness.open()).infrastructure.ensure(resource, made, options));
      expect(made).toEqual(first);
    });

    it('has at most one load balancer for the API, and its address once it is made', async () => {
      const made = await stage.lay(stage.request(desiredMachines()));
      const plan = await stage.provider.infrastructure.plan(stage.request(desiredMachines()), options);
      const balancers = plan.filter(({ role }) => role?.kind === 'api-balancer');
      expect(balancers.length).toBeLessThanOrEqual(1);
      for (const { id } of balancers)
        expect(made.get(id)?.address).toMatch(stage.harness.addresses.api ?? stage.harness.addresses.private);
    });

    it('differs when other addresses may enter, and is mended in place', async (context) => {
      if (!stage.provider.traits.managesFirewall) return context.skip();
      const machines = desiredMachines();
      const before = await stage.lay(stage.request(machines));
      const desired = stage.request(machines, { apiAllow: ['198.51.100.7/32'] });
      const plan = await stage.provider.infrastructure.plan(desired, options);
      const changed = plan.filter(({ state }) => state !== 'present');
      expect(changed.map(({ state }) => state)).toEqual(['differs']);
      expect(changed[0]?.text).toContain('198.51.100.7/32');
      expect(await stage.lay(desired)).toEqual(before);
      expect(
        (await stage.provider.infrastructure.plan(desired, options)).every((resource) => resource.state === 'present'),
      ).toBe(true);
    });

    it('takes in the key of a workspace that replaces a lost one', async (context) => {
      const machines = desiredMachines();
      await stage.lay(stage.request(machines));
      const before = await stage.provider.infrastructure.plan(stage.request(machines), options);
      if (!before.some(({ role, id }) => role?.kind === 'cluster-key' || id === 'ssh-key')) return context.skip();
      const desired = stage.request(machines, { sshPublicKey: newPublicKey() });
      const changed = (await stage.provider.infrastructure.plan(desired, options)).filter(
        (resource) => resource.state !== 'present',
      );
      expect(changed.map(({ state }) => state)).toEqual(['differs']);
      const count = (await stage.harness.outside.everything()).length;
      await stage.lay(desired);
      expect(await stage.harness.outside.everything()).toHaveLength(count);
      expect((await stage.provider.infrastructure.plan(desired, options)).map(({ state }) => state)).not.toContain(
        'differs',
      );
    });

    it('refuses to use a network of somebody else', async (context) => {
      const network = (await stage.provider.infrastructure.plan(stage.request([stage.machine()]), options)).find(
        (resource) => resource.id === 'network',
      );
      if (!network) return context.skip();
      await stage.harness.outside.network(network.name);
      await expect(stage.provider.infrastructure.plan(stage.request([stage.machine()]), options)).rejects.toMatchObject(
        {
          code: 'NAME_TAKEN',
          exitCode: 3,
        },
      );
      await expect(stage.provider.infrastructure.ensure(network, new Map(), options)).rejects.toMatchObject({
        code: 'NAME_TAKEN',
      });
    });

    it('leaves an empty account when it is removed', async () => {
      const machines = desiredMachines().slice(0, 5);
      const made = await stage.lay(stage.request(machines));
      const created = await Promise.all(machines.map((one) => stage.provider.machines.create(one, '', made, options)));
      await Promise.all(created.map((one) => stage.provider.machines.delete(one, options)));
      const items = await (await stage.harness.open()).infrastructure.list(cluster, options);
      const there = (await stage.harness.outside.everything()).map((one) => one.slice(one.indexOf('/') + 1));
      expect(items.length).toBeGreaterThan(0);
      expect(there).toEqual(expect.arrayContaining(items.map(({ name }) => name)));
      for (const item of items) await stage.provider.infrastructure.remove(item, options);
      for (const item of items) await stage.provider.infrastructure.remove(item, options);
      expect(await stage.harness.outside.everything()).toEqual([]);
    });
  });

  describe('a machine of an account', () => {
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
      const before = await stage.harness.outside.everything();
      await expect(stage.provider.machines.create(desired, '', made, options)).rejects.toMatchObject({
        code: 'NAME_TAKEN',
        exitCode: 3,
      });
      expect(await stage.names()).toEqual([]);
      expect(await stage.harness.outside.everything()).toEqual(before);
    });

    it('is of the next type when the first is sold out', async () => {
      const desired = stage.machine(1, { types: [stage.harness.types.first, stage.harness.types.second] });
      const made = await stage.lay(stage.request([desired]));
      await stage.harness.outside.sellOut(stage.harness.types.first, stage.harness.places.first);
      expect((await stage.provider.machines.create(desired, '', made, options)).type).toBe(stage.harness.types.second);
    });

    it('is at the next of its locations when its own has none of its types', async (context) => {
      const { types, outside } = stage.harness;
      const { first, second } = stage.harness.places;
      if (second === undefined) return context.skip();
      const places = { first, second };
      const desired = stage.machine(1, { types: [types.first], elsewhere: [places.second] });
      const request = stage.request([desired], { locations: [places.first, places.second] });
      const made = await stage.lay(request);
      await outside.sellOut(types.first, places.first);
      expect(await stage.codes(request)).toEqual([]);
      const text = (await stage.provider.machines.previewCreate(request.cluster, [desired], options)).get(desired.name);
      expect(text).toBe(
        `create ${types.first} in ${places.second}, as ${types.first} is not to be had in ${places.first} now`,
      );
      expect((await stage.provider.machines.create(desired, '', made, options)).location).toBe(places.second);
    });

    it('whose types are all sold out says so, with what to do', async () => {
      const desired = stage.machine(1, { types: [stage.harness.types.first, stage.harness.types.second] });
      const made = await stage.lay(stage.request([desired]));
      for (const type of desired.types) await stage.harness.outside.sellOut(type, stage.harness.places.first);
      const error: unknown = await stage.provider.machines.create(desired, '', made, options).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'SOLD_OUT', exitCode: 4 });
      expect(String(error)).toContain(desired.name);
      for (const type of desired.types) expect(String(error)).toContain(type);
    });

    it('beyond the account’s limit is refused with what exists, and both ways on', async () => {
      const desired = [stage.machine(1), stage.machine(2)];
      const made = await stage.lay(stage.request(desired));
      await stage.harness.outside.quota(1);
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
      await stage.harness.outside.quota(1);
      expect((await stage.provider.machines.create(desired, '', made, options)).id).toBe(id);
    });
  });

  describe('preflight', () => {
    it('finds nothing wrong with a cluster that exists, even when its types are sold out by now', async () => {
      const desired = stage.request([stage.machine()]);
      const made = await stage.lay(desired);
      await stage.provider.machines.create(stage.machine(), '', made, options);
      await stage.harness.outside.sellOut(stage.harness.types.first, stage.harness.places.first);
      expect(await stage.codes(desired)).toEqual([]);
    });

    it('names an unknown type, location and image, with what was probably meant', async () => {
      const desired = stage.machine(1, {
        types: [`${stage.harness.types.first}x`],
        location: `${stage.harness.places.first}x`,
        image: `${stage.harness.image}x`,
      });
      const problems = await stage.provider.preflight(stage.request([desired]), options);
      expect(problems.map((problem) => problem.code).sort()).toEqual([
        'UNKNOWN_IMAGE',
        'UNKNOWN_LOCATION',
        'UNKNOWN_TYPE',
      ]);
      expect(problems.map((problem) => problem.message).join('\n')).toContain(
        `Did you mean ${stage.harness.types.first}?`,
      );
      expect(problems.every((problem) => problem.kind === 'usage' && problem.hint !== '')).toBe(true);
    });

    it('says each problem once, however many machines have it', async () => {
      const machines = Array.from({ length: 5 }, (_, i) =>
        stage.machine(i + 1, { types: [`${stage.harness.types.first}x`] }),
      );
      expect(await stage.provider.preflight(stage.request(machines), options)).toHaveLength(1);
    });

    it('refuses a type that is not offered at the location', async () => {
      const apart = stage.machine(1, { types: [stage.harness.types.elsewhere], location: stage.harness.places.apart });
      expect(await stage.codes(stage.request([apart], { locations: [stage.harness.places.apart] }))).toEqual([
        'TYPE_NOT_OFFERED',
      ]);
    });

    it('refuses a type that is sold out, unless there is a fallback', async () => {
      await stage.harness.outside.sellOut(stage.harness.types.first, stage.harness.places.first);
      const problems = await stage.provider.preflight(stage.request([stage.machine()]), options);
      expect(problems).toMatchObject([{ code: 'SOLD_OUT', kind: 'refused' }]);
      const { second, apart } = stage.harness.places;
      expect(problems[0]?.hint).toContain(`${stage.harness.types.first} at ${second ?? apart}`);
      const types = [stage.harness.types.first, stage.harness.types.second];
      expect(await stage.codes(stage.request([stage.machine(1, { types })]))).toEqual([]);
    });

    it('refuses locations that can’t share a network', async () => {
      const locations = [stage.harness.places.first, stage.harness.places.apart];
      expect(await stage.codes(stage.request([stage.machine()], { locations }))).toEqual(['ZONES_APART']);
      const { first, second } = stage.harness.places;
      if (second !== undefined)
        expect(await stage.codes(stage.request([stage.machine()], { locations: [first, second] }))).toEqual([]);
    });

    it('refuses names that are too long', async () => {
      expect(
        await stage.codes(stage.request([stage.machine(1, { name: 'a'.repeat(stage.provider.nameLimit + 1) })])),
      ).toEqual(['NAME_TOO_LONG']);
    });
  });

  describe('the catalogue', () => {
    it('knows countries, prices and what is available', async (context) => {
      const catalog = await stage.provider.catalog(options);
      // Machines on hosts of one's own have no price.
      if (catalog.currency === '') return context.skip();
      expect(catalog.currency).toMatch(/^[A-Z]{3}$/);
      expect(catalog.volumeMonthly).toBeGreaterThan(0);
      for (const prices of [catalog.balancers, ...(stage.harness.addressesCost ? [catalog.addresses] : [])]) {
        expect(prices.find(({ location }) => location === stage.harness.places.first)?.monthly).toBeGreaterThan(0);
      }
      const [first, apart] = [stage.harness.places.first, stage.harness.places.apart].map((place) =>
        catalog.locations.find((one) => one.name === place),
      );
      expect(first?.country).toMatch(/^[A-Z]{2}$/);
      expect(first?.zone).not.toBe(apart?.zone);
      const offer = catalog.machineTypes
        .find((type) => type.name === stage.harness.types.first)
        ?.offers.find((one) => one.location === stage.harness.places.first);
      expect(offer).toMatchObject({ available: true });
      expect(offer?.monthly).toBeGreaterThan(offer?.hourly ?? Infinity);
    });
  });

  describe('clusters', () => {
    it('that have lost all machines are found by label alone', async () => {
      await stage.lay(stage.request([stage.machine(1)]));
      expect(await stage.provider.clusters(options)).toEqual([{ ...cluster, machines: 0 }]);
    });
  });
}
