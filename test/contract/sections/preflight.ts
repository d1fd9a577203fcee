import { describe, expect, it } from 'vitest';

import type { MachineRequest } from '../../../src/provider/port.js';
import { cluster, options, type Stage } from './stage.js';

export function preflightContract(stage: Stage): void {
  describe('preflight', () => {
    it('finds nothing wrong with a cluster that exists, even when its types are sold out by now', async () => {
      const desired = stage.request([stage.machine()]);
      const made = await stage.lay(desired);
      await stage.provider.machines.create(stage.machine(), '', made, options);
      stage.harness.outside.sellOut(stage.harness.types.first, stage.harness.places.first);
      expect(await stage.codes(desired)).toEqual([]);
    });

    it('refuses a wrong token, and a read-only token, before anything is billed', async () => {
      expect(await stage.codes(stage.request([stage.machine()]), stage.harness.open({ token: 'wrong' }))).toEqual([
        'TOKEN_REJECTED',
      ]);
      expect(await stage.codes(stage.request([stage.machine()]), stage.harness.open({ token: 'read-only' }))).toEqual([
        'TOKEN_READ_ONLY',
      ]);
      for (const [token, code] of [
        ['wrong', 'TOKEN_REJECTED'],
        ['read-only', 'TOKEN_READ_ONLY'],
      ] as const) {
        const problem = await stage.harness.open({ token }).credentialProblem(options);
        expect(problem?.code).toBe(code);
      }
      expect(await stage.provider.credentialProblem(options)).toBeUndefined();
      expect(await stage.harness.outside.everything()).toEqual([]);
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
      const machines = Array.from({ length: 5 }, (_, i) => stage.machine(i + 1, { types: ['cax2'] }));
      expect(await stage.provider.preflight(stage.request(machines), options)).toHaveLength(1);
    });

    it('refuses a type that is not offered at the location', async () => {
      const apart = stage.machine(1, { types: [stage.harness.types.elsewhere], location: stage.harness.places.apart });
      expect(await stage.codes(stage.request([apart], { locations: [stage.harness.places.apart] }))).toEqual([
        'TYPE_NOT_OFFERED',
      ]);
    });

    it('refuses a type that is sold out, unless there is a fallback', async () => {
      stage.harness.outside.sellOut(stage.harness.types.first, stage.harness.places.first);
      const problems = await stage.provider.preflight(stage.request([stage.machine()]), options);
      expect(problems).toMatchObject([{ code: 'SOLD_OUT', kind: 'refused' }]);
      expect(problems[0]?.hint).toContain(`${stage.harness.types.first} at ${stage.harness.places.second}`);
      const types = [stage.harness.types.first, stage.harness.types.second];
      expect(await stage.codes(stage.request([stage.machine(1, { types })]))).toEqual([]);
    });

    it('refuses locations that can’t share a network', async () => {
      const locations = [stage.harness.places.first, stage.harness.places.apart];
      expect(await stage.codes(stage.request([stage.machine()], { locations }))).toEqual(['ZONES_APART']);
      expect(
        await stage.codes(
          stage.request([stage.machine()], { locations: [stage.harness.places.first, stage.harness.places.second] }),
        ),
      ).toEqual([]);
    });

    it('refuses more machines than one network takes, balancer included', async () => {
      const cp = [1, 2, 3].map((slot) => stage.machine(slot, { pool: 'cp' }));
      const machines = (workers: number): MachineRequest[] => [
        ...cp,
        ...Array.from({ length: workers }, (_, i) => stage.machine(i + 1)),
      ];
      expect(await stage.codes(stage.request(machines(96)))).toEqual([]);
      expect(await stage.codes(stage.request(machines(97)))).toEqual(['NETWORK_FULL']);
    });

    it('refuses names that are too long', async () => {
      expect(await stage.codes(stage.request([stage.machine(1, { name: 'a'.repeat(64) })]))).toEqual(['NAME_TOO_LONG']);
      expect(stage.provider.nameLimit).toBe(63);
    });

    it('refuses names and keys that belong to somebody else, all at once', async () => {
      await stage.harness.outside.machine(stage.machine().name);
      await stage.harness.outside.network(`${cluster.name}-network`);
      await stage.harness.outside.sshKey('laptop', stage.publicKey);
      const problems = await stage.provider.preflight(stage.request([stage.machine()]), options);
      expect(problems.map((problem) => problem.code).sort()).toEqual(['NAME_TAKEN', 'NAME_TAKEN', 'SSH_KEY_TAKEN']);
      expect(problems.every((problem) => problem.kind === 'refused')).toBe(true);
      expect(problems.map((problem) => problem.message).join('\n')).toContain(stage.machine().name);
    });
  });

  describe('the catalogue', () => {
    it('knows countries, prices and what is available', async () => {
      const catalog = await stage.provider.catalog(options);
      expect(catalog.currency).toMatch(/^[A-Z]{3}$/);
      expect(catalog.volumeMonthly).toBeGreaterThan(0);
      for (const prices of [catalog.balancers, catalog.addresses]) {
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
}
