import { generateKeyPairSync } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Boundary } from '../../src/domain/boundary.js';
import { machineLabels } from '../../src/domain/labels.js';
import type { ClusterRef, Role } from '../../src/domain/machine.js';
import type {
  ClusterRequest,
  FoundationIds,
  FoundationResource,
  MachineProvider,
  MachineRequest,
} from '../../src/provider/port.js';

export interface OpenOptions {
  readonly token?: 'good' | 'read-only' | 'wrong';
  readonly boundary?: Boundary;
}

/** What a person, the account's owner or the cluster's own controllers do without Slipway. Ids are the provider's. */
export interface Outside {
  machine(name: string): Promise<string>;
  network(name: string): Promise<string>;
  sshKey(name: string, publicKey: string): Promise<string>;
  /** As a Service of the cluster would make it, with this machine as its target. */
  serviceBalancer(name: string, machineId?: string): Promise<string>;
  volume(name: string, machineId?: string): Promise<string>;
  stop(machineId: string): Promise<void>;
  protect(machineId: string): Promise<void>;
  sellOut(type: string, location: string): void;
  quota(machines: number): void;
  /** The next such request is done, and its answer lost. */
  cutNext(method: string, path: string): void;
  failNext(method: string, path: string, status: number, code: string): void;
  /** Everything in the account, as `kind/name`. */
  everything(): Promise<string[]>;
}

/** A provider in an account of its own, empty at first. */
export interface Harness {
  /** A new handle, as each run of the command line makes one. */
  open(options?: OpenOptions): MachineProvider;
  readonly types: { readonly first: string; readonly second: string; readonly elsewhere: string };
  /** `first` and `second` can share a network; `apart` can't. */
  readonly places: { readonly first: string; readonly second: string; readonly apart: string };
  readonly image: string;
  /** Requests sent so far: `POST /servers`. */
  readonly requests: readonly string[];
  /** What the provider's official description says against requests sent so far; undefined where it is absent. */
  readonly violations: readonly string[] | undefined;
  readonly outside: Outside;
  close(): Promise<void>;
}

const cluster: ClusterRef = { name: 'demo', id: 'k3f9x2' };
const options = { signal: new AbortController().signal };

function newPublicKey(): string {
  const der = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const part = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `ssh-ed25519 ${Buffer.concat([part(Buffer.from('ssh-ed25519')), part(der)]).toString('base64')} demo`;
}

/** The promises of the port, kept by every provider and emulator. */
export function describeMachineProvider(name: string, start: () => Promise<Harness>): void {
  describe(name, () => {
    let harness: Harness;
    let provider: MachineProvider;
    let publicKey: string;
    beforeEach(async () => {
      harness = await start();
      provider = harness.open();
      publicKey = newPublicKey();
    });
    afterEach(async () => {
      const { violations } = harness;
      await harness.close();
      expect(violations ?? []).toEqual([]);
    });

    const machine = (slot = 1, change: Partial<MachineRequest> = {}): MachineRequest => {
      const pool = change.pool ?? 'web';
      const role: Role = pool === 'cp' ? 'control-plane' : 'worker';
      const place = { pool, role, slot, generation: change.generation ?? 1 };
      return {
        ...place,
        name: `${cluster.name}-${pool}-${slot}-${place.generation === 1 ? 'x7k2p' : 'q4m8d'}`,
        types: [harness.types.first],
        location: harness.places.first,
        image: harness.image,
        labels: machineLabels(cluster, place),
        ...change,
      };
    };
    const request = (machines: readonly MachineRequest[], change: Partial<ClusterRequest> = {}): ClusterRequest => ({
      cluster,
      machines,
      locations: [harness.places.first],
      networkRange: '10.0.0.0/16',
      sshAllow: ['203.0.113.0/24'],
      apiAllow: ['203.0.113.0/24'],
      sshPublicKey: publicKey,
      ...change,
    });
    const lay = async (wanted: ClusterRequest): Promise<FoundationIds> => {
      const made = new Map<string, FoundationResource>();
      for (const piece of await provider.foundation.plan(wanted, options)) {
        for (const need of piece.needs) expect(made.has(need), `${piece.id} comes after ${need}`).toBe(true);
        made.set(piece.id, await provider.foundation.ensure(piece, made, options));
      }
      return made;
    };
    const names = async (): Promise<string[]> =>
      (await provider.machines.list(cluster, options)).map((one) => one.name).sort();
    const codes = async (wanted: ClusterRequest, by = provider): Promise<string[]> =>
      [...new Set((await by.preflight(wanted, options)).map((problem) => problem.code))].sort();

    describe('a machine', () => {
      it('runs and has its addresses once create resolves', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        const created = await provider.machines.create(wanted, '#cloud-config\n', made, options);
        expect(created).toMatchObject({
          ...machineSlot(wanted),
          name: wanted.name,
          status: 'running',
          labels: wanted.labels,
        });
        expect(created.type).toBe(harness.types.first);
        expect(created.location).toBe(harness.places.first);
        expect(created.publicAddress).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
        expect(created.privateAddress).toMatch(/^10\.0\./);
        expect(await provider.machines.list(cluster, options)).toEqual([created]);
      });

      it('asked for again is the same machine', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        const first = await provider.machines.create(wanted, '', made, options);
        const second = await harness.open().machines.create(wanted, '', made, options);
        expect(second.id).toBe(first.id);
        expect(await names()).toEqual([wanted.name]);
      });

      it('asked for by two at once is one machine', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        const both = await Promise.all(
          [provider, harness.open()].map((one) => one.machines.create(wanted, '', made, options)),
        );
        expect(both[0]?.id).toBe(both[1]?.id);
        expect(both.map((one) => one.status)).toEqual(['running', 'running']);
        expect(await names()).toEqual([wanted.name]);
      });

      it('whose create got no answer is made once, and found', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        harness.outside.cutNext('POST', '^/servers$');
        expect((await provider.machines.create(wanted, '', made, options)).status).toBe('running');
        expect(await names()).toEqual([wanted.name]);
        expect(harness.requests.filter((one) => one === 'POST /servers')).toHaveLength(1);
      });

      it('left half made by a run that was killed is finished', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        const killed = harness.open({
          boundary: async ({ when, what }) => {
            if (when === 'after' && what === 'POST /servers') throw new Error('killed');
          },
        });
        await expect(killed.machines.create(wanted, '', made, options)).rejects.toThrow('killed');
        const finished = await provider.machines.create(wanted, '', made, options);
        expect(finished).toMatchObject({ name: wanted.name, status: 'running' });
        expect(finished.privateAddress).toBeDefined();
        expect(await names()).toEqual([wanted.name]);
      });

      it('that somebody stopped is started when it is asked for again', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        const { id } = await provider.machines.create(wanted, '', made, options);
        await harness.outside.stop(id);
        expect(await provider.machines.create(wanted, '', made, options)).toMatchObject({ id, status: 'running' });
      });

      it('with a name that belongs to somebody else is refused, and left alone', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        await harness.outside.machine(wanted.name);
        await expect(provider.machines.create(wanted, '', made, options)).rejects.toMatchObject({
          code: 'NAME_TAKEN',
          exitCode: 3,
        });
        expect(await names()).toEqual([]);
        expect(await harness.outside.everything()).toContain(`servers/${wanted.name}`);
      });

      it('is of the next type when the first is sold out', async () => {
        const wanted = machine(1, { types: [harness.types.first, harness.types.second] });
        const made = await lay(request([wanted]));
        harness.outside.sellOut(harness.types.first, harness.places.first);
        expect((await provider.machines.create(wanted, '', made, options)).type).toBe(harness.types.second);
      });

      it('whose types are all sold out says so, with what to do', async () => {
        const wanted = machine(1, { types: [harness.types.first, harness.types.second] });
        const made = await lay(request([wanted]));
        for (const type of wanted.types) harness.outside.sellOut(type, harness.places.first);
        const error: unknown = await provider.machines.create(wanted, '', made, options).catch((e: unknown) => e);
        expect(error).toMatchObject({ code: 'SOLD_OUT', exitCode: 4 });
        expect(String(error)).toContain(wanted.name);
        for (const type of wanted.types) expect(String(error)).toContain(type);
      });

      it('beyond the account’s limit is refused with what exists, and both ways on', async () => {
        const wanted = [machine(1), machine(2)];
        const made = await lay(request(wanted));
        harness.outside.quota(1);
        await provider.machines.create(wanted[0]!, '', made, options);
        await expect(provider.machines.create(wanted[1]!, '', made, options)).rejects.toMatchObject({
          code: 'RESOURCE_LIMIT',
          exitCode: 4,
          details: expect.arrayContaining([expect.stringContaining(wanted[0]!.name)]) as unknown,
          hint: expect.stringMatching(/apply demo.*delete demo/) as unknown,
        });
      });

      it('that exists is found even when the account is full', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        const { id } = await provider.machines.create(wanted, '', made, options);
        harness.outside.quota(1);
        expect((await provider.machines.create(wanted, '', made, options)).id).toBe(id);
      });

      it('that can’t be kept apart from its pool is of the next type, or is refused with the reason', async () => {
        const wanted = machine(1, { types: [harness.types.first, harness.types.second] });
        const made = await lay(request([wanted]));
        const refuse = (): void => harness.outside.failNext('POST', '^/servers$', 422, 'placement_error');
        refuse();
        const created = await provider.machines.create(wanted, '', made, options);
        expect(created.type).toBe(harness.types.second);
        await provider.machines.delete(created, options);
        refuse();
        await expect(
          provider.machines.create(machine(1, { types: [harness.types.first] }), '', made, options),
        ).rejects.toMatchObject({ code: 'PLACEMENT', exitCode: 4 });
        expect(await names()).toEqual([]);
      });

      it('can be replaced while its group is full', async () => {
        const wanted = Array.from({ length: 10 }, (_, i) => machine(i + 1));
        const made = await lay(request(wanted));
        await Promise.all(wanted.map((one) => provider.machines.create(one, '', made, options)));
        const next = machine(1, { generation: 2 });
        expect((await provider.machines.create(next, '', made, options)).status).toBe('running');
        expect(await names()).toHaveLength(11);
      });

      it('is gone once delete resolves; deleting it again succeeds', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        const created = await provider.machines.create(wanted, '', made, options);
        await provider.machines.delete(created, options);
        expect(await names()).toEqual([]);
        await provider.machines.delete(created, options);
      });

      it('that is busy for a moment is deleted all the same', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        const created = await provider.machines.create(wanted, '', made, options);
        harness.outside.failNext('DELETE', '^/servers/', 423, 'locked');
        await provider.machines.delete(created, options);
        expect(await names()).toEqual([]);
      });

      it('that somebody protected is not deleted, and the error says why', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        const created = await provider.machines.create(wanted, '', made, options);
        await harness.outside.protect(created.id);
        await expect(provider.machines.delete(created, options)).rejects.toMatchObject({
          code: 'PROTECTED',
          exitCode: 3,
        });
        expect(await names()).toEqual([wanted.name]);
      });

      it('still runs after a reboot', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        const created = await provider.machines.create(wanted, '', made, options);
        await provider.machines.reboot(created, options);
        expect((await provider.machines.list(cluster, options))[0]).toMatchObject({
          id: created.id,
          status: 'running',
        });
      });

      it('is listed only for its own cluster', async () => {
        const wanted = machine();
        const made = await lay(request([wanted]));
        await provider.machines.create(wanted, '', made, options);
        await harness.outside.machine('pet');
        expect(await names()).toEqual([wanted.name]);
        expect(await provider.machines.list({ name: cluster.name, id: 'other1' }, options)).toEqual([]);
      });

      it('is one of many: sixty are listed completely', async () => {
        const wanted = Array.from({ length: 60 }, (_, i) => machine(i + 1));
        const made = await lay(request(wanted));
        await Promise.all(wanted.map((one) => provider.machines.create(one, '', made, options)));
        expect(await names()).toEqual(wanted.map((one) => one.name).sort());
      });
    });

    describe('the foundation', () => {
      const wantedMachines = (): MachineRequest[] => [
        ...[1, 2, 3].map((slot) => machine(slot, { pool: 'cp' })),
        ...Array.from({ length: 12 }, (_, i) => machine(i + 1)),
      ];

      it('is planned, made, and then planned as present', async () => {
        const wanted = request(wantedMachines());
        const before = await provider.foundation.plan(wanted, options);
        expect(new Set(before.map((piece) => piece.state))).toEqual(new Set(['missing']));
        expect(harness.requests.every((one) => one.startsWith('GET '))).toBe(true);
        const made = await lay(wanted);
        const after = await harness.open().foundation.plan(wanted, options);
        expect(after.map((piece) => [piece.id, piece.state, piece.ready])).toEqual(
          before.map((piece) => [piece.id, 'present', made.get(piece.id)]),
        );
      });

      it('made again is the same', async () => {
        const wanted = request(wantedMachines());
        const first = await lay(wanted);
        const everything = await harness.outside.everything();
        expect(await lay(wanted)).toEqual(first);
        expect(await harness.outside.everything()).toEqual(everything);
      });

      it('made from a plan that is out of date is still made once', async () => {
        const wanted = request(wantedMachines());
        const stale = await provider.foundation.plan(wanted, options);
        const first = await lay(wanted);
        const made = new Map<string, FoundationResource>();
        for (const piece of stale) made.set(piece.id, await harness.open().foundation.ensure(piece, made, options));
        expect(made).toEqual(first);
      });

      it('survives answers that got lost', async () => {
        for (const path of ['ssh_keys', 'networks', 'firewalls', 'placement_groups', 'load_balancers'])
          harness.outside.cutNext('POST', `^/${path}$`);
        await lay(request(wantedMachines()));
        const everything = await harness.outside.everything();
        expect(everything).toEqual([...new Set(everything)]);
      });

      it('keeps machines of one pool apart, ten in a group', async () => {
        const machines = wantedMachines();
        const pieces = await provider.foundation.plan(request(machines), options);
        const groupOf = (one: MachineRequest): string[] =>
          provider.foundation.neededBy(one, pieces).filter((id) => id.startsWith('placement:'));
        expect(machines.map((one) => groupOf(one).join())).toEqual([
          ...Array.from({ length: 3 }, () => 'placement:cp:1'),
          ...Array.from({ length: 10 }, () => 'placement:web:1'),
          ...Array.from({ length: 2 }, () => 'placement:web:2'),
        ]);
      });

      it('has a private address for the API as soon as there are several control planes', async () => {
        const one = await provider.foundation.plan(request([machine(1, { pool: 'cp' })]), options);
        expect(one.map((piece) => piece.id)).not.toContain('api-balancer');
        const made = await lay(request(wantedMachines()));
        expect(made.get('api-balancer')?.address).toMatch(/^10\.0\./);
      });

      it('differs when other addresses may enter, and is mended in place', async () => {
        const machines = wantedMachines();
        const before = await lay(request(machines));
        const wanted = request(machines, { apiAllow: ['198.51.100.7/32'] });
        const plan = await provider.foundation.plan(wanted, options);
        expect(plan.filter((piece) => piece.state !== 'present').map((piece) => [piece.id, piece.state])).toEqual([
          ['firewall', 'differs'],
        ]);
        expect(plan.find((piece) => piece.id === 'firewall')?.text).toContain('198.51.100.7/32');
        expect(await lay(wanted)).toEqual(before);
        expect((await provider.foundation.plan(wanted, options)).every((piece) => piece.state === 'present')).toBe(
          true,
        );
      });

      it('takes in the key of a workspace that replaces a lost one', async () => {
        const machines = wantedMachines();
        await lay(request(machines));
        const wanted = request(machines, { sshPublicKey: newPublicKey() });
        const changed = (await provider.foundation.plan(wanted, options)).filter((piece) => piece.state !== 'present');
        expect(changed.map((piece) => [piece.id, piece.state])).toEqual([['ssh-key', 'differs']]);
        await lay(wanted);
        expect((await harness.outside.everything()).filter((one) => one.startsWith('ssh_keys/'))).toHaveLength(1);
      });

      it('refuses to use a network of somebody else', async () => {
        const network = (await provider.foundation.plan(request([machine()]), options)).find(
          (piece) => piece.id === 'network',
        )!;
        await harness.outside.network(network.name);
        await expect(provider.foundation.plan(request([machine()]), options)).rejects.toMatchObject({
          code: 'NAME_TAKEN',
          exitCode: 3,
        });
        await expect(provider.foundation.ensure(network, new Map(), options)).rejects.toMatchObject({
          code: 'NAME_TAKEN',
        });
      });

      it('leaves an empty account when it is removed', async () => {
        const machines = wantedMachines().slice(0, 5);
        const made = await lay(request(machines));
        const created = await Promise.all(machines.map((one) => provider.machines.create(one, '', made, options)));
        await Promise.all(created.map((one) => provider.machines.delete(one, options)));
        const items = await harness.open().foundation.list(cluster, options);
        expect(items.map((item) => item.kind)).toEqual(
          expect.arrayContaining(['SSH key', 'network', 'firewall', 'placement group', 'load balancer']),
        );
        for (const item of items) await provider.foundation.remove(item, options);
        for (const item of items) await provider.foundation.remove(item, options);
        expect(await harness.outside.everything()).toEqual([]);
      });

      it('is removed although a part of it is still busy for a moment', async () => {
        await lay(request([machine()]));
        harness.outside.failNext('DELETE', '^/firewalls/', 422, 'resource_in_use');
        for (const item of await provider.foundation.list(cluster, options))
          await provider.foundation.remove(item, options);
        expect(await harness.outside.everything()).toEqual([]);
      });
    });

    describe('preflight', () => {
      it('finds nothing wrong with a cluster that can be made, and changes nothing', async () => {
        expect(await codes(request([machine(1, { pool: 'cp' }), machine(1)]))).toEqual([]);
        expect(await harness.outside.everything()).toEqual([]);
      });

      it('finds nothing wrong with a cluster that exists, even when its types are sold out by now', async () => {
        const wanted = request([machine()]);
        const made = await lay(wanted);
        await provider.machines.create(machine(), '', made, options);
        harness.outside.sellOut(harness.types.first, harness.places.first);
        expect(await codes(wanted)).toEqual([]);
      });

      it('refuses a wrong token, and a read-only token, before anything is billed', async () => {
        expect(await codes(request([machine()]), harness.open({ token: 'wrong' }))).toEqual(['TOKEN_REJECTED']);
        expect(await codes(request([machine()]), harness.open({ token: 'read-only' }))).toEqual(['TOKEN_READ_ONLY']);
        expect(await harness.outside.everything()).toEqual([]);
      });

      it('names an unknown type, location and image, with what was probably meant', async () => {
        const wanted = machine(1, {
          types: [`${harness.types.first}x`],
          location: `${harness.places.first}x`,
          image: `${harness.image}x`,
        });
        const problems = await provider.preflight(request([wanted]), options);
        expect(problems.map((problem) => problem.code).sort()).toEqual([
          'UNKNOWN_IMAGE',
          'UNKNOWN_LOCATION',
          'UNKNOWN_TYPE',
        ]);
        expect(problems.map((problem) => problem.message).join('\n')).toContain(`Did you mean ${harness.types.first}?`);
        expect(problems.every((problem) => problem.kind === 'usage' && problem.hint !== '')).toBe(true);
      });

      it('says each problem once, however many machines have it', async () => {
        const machines = Array.from({ length: 5 }, (_, i) => machine(i + 1, { types: ['cax2'] }));
        expect(await provider.preflight(request(machines), options)).toHaveLength(1);
      });

      it('refuses a type that is not offered at the location', async () => {
        const apart = machine(1, { types: [harness.types.elsewhere], location: harness.places.apart });
        expect(await codes(request([apart], { locations: [harness.places.apart] }))).toEqual(['TYPE_NOT_OFFERED']);
      });

      it('refuses a type that is sold out, unless there is a fallback', async () => {
        harness.outside.sellOut(harness.types.first, harness.places.first);
        const problems = await provider.preflight(request([machine()]), options);
        expect(problems).toMatchObject([{ code: 'SOLD_OUT', kind: 'refused' }]);
        expect(problems[0]?.hint).toContain(`${harness.types.first} at ${harness.places.second}`);
        const types = [harness.types.first, harness.types.second];
        expect(await codes(request([machine(1, { types })]))).toEqual([]);
      });

      it('refuses locations that can’t share a network', async () => {
        const locations = [harness.places.first, harness.places.apart];
        expect(await codes(request([machine()], { locations }))).toEqual(['ZONES_APART']);
        expect(await codes(request([machine()], { locations: [harness.places.first, harness.places.second] }))).toEqual(
          [],
        );
      });

      it('refuses more machines than one network takes, balancer included', async () => {
        const cp = [1, 2, 3].map((slot) => machine(slot, { pool: 'cp' }));
        const machines = (workers: number): MachineRequest[] => [
          ...cp,
          ...Array.from({ length: workers }, (_, i) => machine(i + 1)),
        ];
        expect(await codes(request(machines(96)))).toEqual([]);
        expect(await codes(request(machines(97)))).toEqual(['NETWORK_FULL']);
      });

      it('refuses names that are too long', async () => {
        expect(await codes(request([machine(1, { name: 'a'.repeat(64) })]))).toEqual(['NAME_TOO_LONG']);
        expect(provider.nameLimit).toBe(63);
      });

      it('refuses names and keys that belong to somebody else, all at once', async () => {
        await harness.outside.machine(machine().name);
        await harness.outside.network(`${cluster.name}-network`);
        await harness.outside.sshKey('laptop', publicKey);
        const problems = await provider.preflight(request([machine()]), options);
        expect(problems.map((problem) => problem.code).sort()).toEqual(['NAME_TAKEN', 'NAME_TAKEN', 'SSH_KEY_TAKEN']);
        expect(problems.every((problem) => problem.kind === 'refused')).toBe(true);
        expect(problems.map((problem) => problem.message).join('\n')).toContain(machine().name);
      });
    });

    describe('the catalogue', () => {
      it('knows countries, prices and what is available', async () => {
        const catalog = await provider.catalog(options);
        expect(catalog.currency).toMatch(/^[A-Z]{3}$/);
        expect(catalog.volumeMonthly).toBeGreaterThan(0);
        const [first, apart] = [harness.places.first, harness.places.apart].map((place) =>
          catalog.locations.find((one) => one.name === place),
        );
        expect(first?.country).toMatch(/^[A-Z]{2}$/);
        expect(first?.zone).not.toBe(apart?.zone);
        const offer = catalog.machineTypes
          .find((type) => type.name === harness.types.first)
          ?.offers.find((one) => one.location === harness.places.first);
        expect(offer).toMatchObject({ available: true });
        expect(offer?.monthly).toBeGreaterThan(offer?.hourly ?? Infinity);
      });

      it('has the types that are asked for when a file names none', async () => {
        const { machineTypes, locations } = await provider.catalog(options);
        const { controlPlaneType, workerType, location } = provider.defaults;
        const known = machineTypes.map((type) => type.name);
        expect(known).toEqual(expect.arrayContaining([controlPlaneType, workerType]));
        expect(locations.map((one) => one.name)).toContain(location);
        const wanted = machine(1, { types: [workerType], location, image: provider.defaults.image });
        expect(await codes(request([wanted], { locations: [location] }))).toEqual([]);
      });
    });

    describe('a run', () => {
      it('goes on after being told that it asks too often, or that something else is changing', async () => {
        for (const [method, path] of [
          ['GET', '^/networks$'],
          ['POST', '^/networks$'],
          ['POST', '^/servers$'],
        ] as const) {
          harness.outside.failNext(method, path, 429, 'rate_limit_exceeded');
          harness.outside.failNext(method, path, 409, 'conflict');
        }
        const made = await lay(request([machine()]));
        expect((await provider.machines.create(machine(), '', made, options)).status).toBe('running');
        expect(await names()).toHaveLength(1);
      });

      it('killed at any of its points and run again ends as if it had never been killed', async () => {
        const machines = [...[1, 2].map((slot) => machine(slot, { pool: 'cp' })), machine(1)];
        const run = async (by: MachineProvider): Promise<void> => {
          provider = by;
          const made = await lay(request(machines));
          for (const one of machines) await by.machines.create(one, '', made, options);
        };
        let points = 0;
        await run(harness.open({ boundary: async () => void (points += 1) }));
        const whole = await harness.outside.everything();
        await empty();
        for (let nth = 1; nth <= points; nth += 1) {
          let passed = 0;
          const killed = harness.open({
            boundary: async () => {
              passed += 1;
              if (passed >= nth) throw new Error('killed');
            },
          });
          await run(killed).catch(() => undefined);
          await run(harness.open());
          expect(stable(await harness.outside.everything()), `killed at point ${nth}`).toEqual(stable(whole));
          await empty();
        }
      }, 120_000);

      const empty = async (): Promise<void> => {
        const by = harness.open();
        for (const one of await by.machines.list(cluster, options)) await by.machines.delete(one, options);
        for (const item of await by.foundation.list(cluster, options)) await by.foundation.remove(item, options);
        expect(await harness.outside.everything()).toEqual([]);
      };

      /** Addresses get a name with a number from the provider. */
      const stable = (everything: readonly string[]): string[] =>
        everything.map((one) => one.replace(/\d{4,}/, '#')).sort();
    });

    describe('clusters', () => {
      it('are found by label alone, also one that has lost all machines', async () => {
        expect(await provider.clusters(options)).toEqual([]);
        const made = await lay(request([machine(1), machine(2)]));
        expect(await provider.clusters(options)).toEqual([{ ...cluster, machines: 0 }]);
        await provider.machines.create(machine(1), '', made, options);
        await provider.machines.create(machine(2), '', made, options);
        await harness.outside.machine('pet');
        expect(await harness.open().clusters(options)).toEqual([{ ...cluster, machines: 2 }]);
      });
    });

    describe('what the cluster made', () => {
      it('is found with its price and how it is known, and can be removed twice', async () => {
        const made = await lay(request([1, 2, 3].map((slot) => machine(slot, { pool: 'cp' }))));
        const node = await provider.machines.create(machine(1, { pool: 'cp' }), '', made, options);
        await harness.outside.serviceBalancer('a-ingress', node.id);
        await harness.outside.volume('pvc-data-0', node.id);
        const found = await provider.clusterMade(cluster, options);
        expect(found.map(({ kind, name }) => [kind, name])).toEqual([
          ['load-balancer', 'a-ingress'],
          ['volume', 'pvc-data-0'],
        ]);
        expect(found[0]?.because).toContain(node.name);
        expect(found[1]).toMatchObject({ sizeGB: 10, because: `attached to ${node.name}` });
        for (const item of found) expect(item.monthly).toBeGreaterThan(0);
        for (const item of [...found, ...found]) await provider.removeClusterMade(item, options);
        expect(await provider.clusterMade(cluster, options)).toEqual([]);
      });

      it('leaves alone what another may have made', async () => {
        const other = await harness.outside.machine('other');
        await harness.outside.volume('kept-from-long-ago');
        const made = await lay(request([machine()]));
        await provider.machines.create(machine(), '', made, options);
        await harness.outside.serviceBalancer('theirs', other);
        await harness.outside.volume('theirs', other);
        expect(await provider.clusterMade(cluster, options)).toEqual([]);
      });

      it('is still found when the machines are gone and nobody else is there', async () => {
        const made = await lay(request([machine()]));
        const node = await provider.machines.create(machine(), '', made, options);
        await harness.outside.serviceBalancer('a-ingress', node.id);
        await harness.outside.volume('pvc-data-0', node.id);
        await provider.machines.delete(node, options);
        expect((await provider.clusterMade(cluster, options)).map((item) => item.name)).toEqual([
          'a-ingress',
          'pvc-data-0',
        ]);
      });
    });
  });
}

const machineSlot = ({ pool, role, slot, generation }: MachineRequest) => ({ pool, role, slot, generation });
