import { createServer } from 'node:net';

import type { Random } from '../random.js';
import type { Machine } from '../hosts/machine.js';
import { listenLocally } from '../hosts/ports.js';
import type { CloudView, SandboxClock } from '../types.js';
import { ApiEndpoint } from './api-endpoint.js';
import type { Cluster } from './cluster.js';
import type { Process } from './process.js';

export type PortsSnapshot = readonly (readonly [machine: number, port: number])[];

/** Where the API servers of machines answer: ports of this computer, each kept for its machine's life. */
export class ApiPorts {
  readonly #ports = new Map<number, number>();

  constructor(
    private readonly context: { readonly random: Random; readonly clock: SandboxClock; readonly cloud: CloudView },
  ) {}

  async of(machine: number): Promise<number> {
    const known = this.#ports.get(machine);
    if (known !== undefined) return known;
    const probe = createServer();
    const port = await listenLocally(probe, undefined, this.context.random);
    probe.close();
    this.#ports.set(machine, this.#ports.get(machine) ?? port);
    return this.#ports.get(machine)!;
  }

  forget(machine: number): void {
    this.#ports.delete(machine);
  }

  /** A server's endpoint, not open yet. Without its etcd a server answers nobody. */
  endpoint({ machine, config }: Process, cluster: Cluster): ApiEndpoint {
    const { random, clock, cloud } = this.context;
    return new ApiEndpoint({
      cluster,
      names: [...new Set([...machine.addresses, ...config.tlsSans])],
      serial: random
        .bytes(8)
        .toString('hex')
        .replace(/^[89a-f]/, '7'),
      random,
      now: () => clock.now(),
      allowed: () =>
        cluster.members.some((member) => member.machine === machine.id) && cloud.allowed(machine.id, 6443, '127.0.0.1'),
    });
  }

  /** @throws Error when the port is another's. */
  async open(machine: Machine, endpoint: ApiEndpoint): Promise<void> {
    if (machine.spec.bare) await endpoint.openAt(machine.spec.bare.address);
    else this.#ports.set(machine.id, await endpoint.open(this.#ports.get(machine.id)));
  }

  snapshot(): PortsSnapshot {
    return [...this.#ports];
  }

  restore(ports: PortsSnapshot): void {
    for (const [machine, port] of ports) this.#ports.set(machine, port);
  }
}
