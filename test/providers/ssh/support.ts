import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createHostProvider } from '../../../providers/ssh/index.js';
import { machineLabels, openBoundary, systemClock, systemRandom } from '../../../src/domain/index.js';
import type { ClusterRef, Role } from '../../../src/domain/machine.js';
import type { z } from 'zod';
import { hostSchema, type HostSpec } from '../../../src/domain/spec/hosts.js';
import type { ClusterRequest, MachineProvider, MachineRequest } from '../../../src/provider/port.js';
import { createRemote } from '../../../src/remote/index.js';
import type { Remote } from '../../../src/remote/types.js';
import type { TestHost } from '../../support/sshd.js';

export const cluster: ClusterRef = { name: 'demo', id: 'k3f9x2' };
export const options = { signal: new AbortController().signal };

type HostFile = z.input<typeof hostSchema>;

/** A host of the file, as a person writes it. */
export function host(name: string, change: Partial<HostFile> = {}): HostSpec {
  return hostSchema.parse({
    name,
    address: `10.1.0.${[...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 250}`,
    hostKey: `SHA256:${'a'.repeat(43)}`,
    ...change,
  });
}

/** A machine that is asked for. */
export function machine(pool: string, slot = 1, change: Partial<MachineRequest> = {}): MachineRequest {
  const role: Role = pool === 'cp' ? 'control-plane' : 'worker';
  const place = { pool, role, slot, generation: change.generation ?? 1 };
  return {
    ...place,
    name: `demo-${pool}-${slot}-g${place.generation}`,
    types: ['any'],
    location: 'any',
    image: 'any',
    labels: machineLabels(cluster, place, 'k3s'),
    ...change,
  };
}

export function request(machines: readonly MachineRequest[], change: Partial<ClusterRequest> = {}): ClusterRequest {
  return {
    cluster,
    machines,
    locations: ['any'],
    networkRange: '10.0.0.0/16',
    sshAllow: [],
    apiAllow: [],
    sshPublicKey: '',
    accept: [],
    encryption: 'none',
    ...change,
  };
}

/** The entry of a test host in a cluster file. */
export function entry(name: string, { target, hostKey }: TestHost, change: Partial<HostFile> = {}): HostSpec {
  const { address, port, user } = target;
  return hostSchema.parse({ name, address, port, user, hostKey: hostKey.publicKey, ...change });
}

/** Runs of the command line, one after another, with one folder for what is remembered. */
export class Runs {
  readonly said: string[] = [];
  readonly #remotes: Remote[] = [];

  private constructor(
    readonly stateFolder: string,
    private readonly identity: TestHost['identity'],
  ) {}

  static async with(identity: TestHost['identity']): Promise<Runs> {
    return new Runs(await mkdtemp(join(tmpdir(), 'slipway-ssh-provider-')), identity);
  }

  open(
    hosts: readonly HostSpec[],
    { lost = [] as string[], stateFolder = this.stateFolder, reachable = true } = {},
  ): MachineProvider {
    const remote = createRemote({ clock: systemClock, random: systemRandom, boundary: openBoundary });
    this.#remotes.push(remote);
    return createHostProvider({
      name: 'ssh',
      title: 'Bare metal',
      hosts,
      key: async () => ({ identity: this.identity.privateKey }),
      remote,
      clock: systemClock,
      stateFolder,
      timeouts: { look: 2_000, work: 3_000, again: 1_000, brief: 500 },
      reaches: async () => reachable,
      say: (text) => this.said.push(text),
      lost: new Set(lost),
      answersWithinMs: 2_000,
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#remotes.map((remote) => remote.close()));
  }
}
