import { generateKeyPairSync } from 'node:crypto';

import { afterEach, beforeEach, expect } from 'vitest';

import { machineLabels } from '../../../src/domain/labels.js';
import type { ClusterRef, Role } from '../../../src/domain/machine.js';
import type {
  ClusterRequest,
  InfrastructureIds,
  CreatedResource,
  MachineProvider,
  MachineRequest,
} from '../../../src/provider/port.js';
import type { EmulatorHarness, PortHarness } from '../harness.js';

export const cluster: ClusterRef = { name: 'demo', id: 'k3f9x2' };
export const options = { signal: new AbortController().signal };

export function newPublicKey(): string {
  const der = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const part = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `ssh-ed25519 ${Buffer.concat([part(Buffer.from('ssh-ed25519')), part(der)]).toString('base64')} demo`;
}

/** An account of its own for each test, and what the tests of the contract do again and again. */
export class Stage<H extends PortHarness = EmulatorHarness> {
  #harness: H | undefined;
  #provider: MachineProvider | undefined;
  publicKey = '';

  constructor(start: () => Promise<H>) {
    beforeEach(async () => {
      this.#harness = await start();
      this.#provider = await this.#harness.open();
      this.publicKey = newPublicKey();
    });
    afterEach(async () => {
      await this.harness.close();
      expect(this.harness.violations ?? []).toEqual([]);
    });
  }

  get harness(): H {
    if (!this.#harness) throw new Error('no test is running');
    return this.#harness;
  }

  get provider(): MachineProvider {
    if (!this.#provider) throw new Error('no test is running');
    return this.#provider;
  }

  set provider(provider: MachineProvider) {
    this.#provider = provider;
  }

  machine(slot = 1, change: Partial<MachineRequest> = {}): MachineRequest {
    const pool = change.pool ?? 'web';
    const role: Role = pool === 'cp' ? 'control-plane' : 'worker';
    const place = { pool, role, slot, generation: change.generation ?? 1 };
    return {
      ...place,
      name: `${cluster.name}-${pool}-${slot}-${place.generation === 1 ? 'x7k2p' : 'q4m8d'}`,
      types: [this.harness.types.first],
      location: this.harness.places.first,
      image: this.harness.image,
      labels: machineLabels(cluster, place, 'k3s'),
      ...change,
    };
  }

  request(machines: readonly MachineRequest[], change: Partial<ClusterRequest> = {}): ClusterRequest {
    const allowed = this.provider.traits.managesFirewall ? ['203.0.113.0/24'] : [];
    return {
      cluster,
      machines,
      locations: [this.harness.places.first],
      networkRange: '10.0.0.0/16',
      sshAllow: allowed,
      apiAllow: allowed,
      sshPublicKey: this.publicKey,
      accept: [],
      encryption: 'wireguard',
      ...change,
    };
  }

  /** Plans the infrastructure and makes all of it, in the order of the plan. */
  async lay(desired: ClusterRequest): Promise<InfrastructureIds> {
    const made = new Map<string, CreatedResource>();
    for (const resource of await this.provider.infrastructure.plan(desired, options)) {
      for (const { id } of resource.needs) expect(made.has(id), `${resource.id} comes after ${id}`).toBe(true);
      made.set(resource.id, await this.provider.infrastructure.ensure(resource, made, options));
    }
    return made;
  }

  /** Names of the cluster's machines, in order. */
  async names(): Promise<string[]> {
    return (await this.provider.machines.list(cluster, options)).map((one) => one.name).sort();
  }

  /** Codes of what preflight finds, each once, in order. */
  async codes(desired: ClusterRequest, by = this.provider): Promise<string[]> {
    return [...new Set((await by.preflight(desired, options)).map((problem) => problem.code))].sort();
  }
}
