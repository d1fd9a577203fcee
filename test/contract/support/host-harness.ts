import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { defaultProfile } from '../../../providers/sandbox/profile.js';
import { World } from '../../../providers/sandbox/world.js';
import { createHostProvider } from '../../../providers/ssh/index.js';
import { openBoundary } from '../../../src/domain/boundary.js';
import { systemClock, systemRandom } from '../../../src/domain/clock.js';
import { machineLabels } from '../../../src/domain/labels.js';
import type { Boundary } from '../../../src/domain/boundary.js';
import { hostSchema } from '../../../src/domain/spec/hosts.js';
import type { MachineProvider } from '../../../src/provider/port.js';
import { createRemote, generateKeyPair } from '../../../src/remote/index.js';
import type { Remote } from '../../../src/remote/types.js';
import type { PortHarness } from '../harness.js';

const many = 12;

/** The provider ssh over bare hosts of the sandbox, by real SSH. */
export async function hostHarness(): Promise<PortHarness> {
  const world = new World({ ...defaultProfile, timeScale: 0.001 }, [], () => undefined);
  const owner = generateKeyPair('owner');
  await world.hosts.order({ hosts: many + 1, authorizedKey: owner.publicKey });
  const stateFolder = await mkdtemp(join(tmpdir(), 'slipway-hosts-'));
  const listed = world.hosts
    .list()
    .map(({ name, address, port, user, hostKey }) => hostSchema.parse({ name, address, port, user, hostKey }));
  const fresh = new Map(world.hosts.list().map(({ name, files }) => [name, new Set(files)]));
  const remotes: Remote[] = [];
  const open = async ({ boundary = openBoundary }: { readonly boundary?: Boundary } = {}): Promise<MachineProvider> => {
    const remote = createRemote({ clock: systemClock, random: systemRandom, boundary });
    remotes.push(remote);
    return createHostProvider({
      name: 'ssh',
      title: 'Bare metal',
      hosts: listed,
      key: async () => ({ identity: owner.privateKey }),
      remote,
      clock: systemClock,
      stateFolder,
      timeouts: { look: 10_000, work: 20_000, again: 5_000, brief: 2_000 },
      reaches: async () => true,
      say: () => undefined,
      lost: new Set(),
      answersWithinMs: 15_000,
    });
  };
  const strangers = { name: 'strangers', id: 'zzzzzz' };
  return {
    open,
    types: { first: 'any' },
    places: { first: 'any' },
    image: 'any',
    many,
    addresses: { public: /^127\.77\./, private: /^127\.77\./ },
    outside: {
      machine: async (name) => {
        const place = { pool: 'web', role: 'worker', slot: 1, generation: 1 } as const;
        const labels = machineLabels(strangers, place, 'k3s');
        const desired = { ...place, name, types: ['any'], location: 'any', image: 'any', labels };
        await (await open()).machines.create(desired, '', new Map(), { signal: new AbortController().signal });
      },
      // Whatever is on a host that was not there at first, and what its claim says.
      everything: async () =>
        world.hosts.all().flatMap(({ spec, files }) => {
          const claim = '/etc/slipway/claim';
          const left = world.hosts
            .list()
            .find(({ name }) => name === spec.name)!
            .files.filter((line) => !fresh.get(spec.name)!.has(line) && !line.startsWith(`${claim} `))
            .map((line) => `${spec.name} ${line.split(' ')[0]!}`);
          const says = files.exists(claim) ? files.text(claim).replace(/claimed_at=.*/, '') : undefined;
          return says === undefined ? left : [...left, `${spec.name} ${says}`];
        }),
    },
    violations: undefined,
    close: async () => {
      await Promise.all(remotes.map((remote) => remote.close()));
      for (const { id } of world.hosts.all()) world.machines.delete(id);
      await rm(stateFolder, { recursive: true, force: true });
    },
  };
}
