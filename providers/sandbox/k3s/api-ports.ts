import type { Random } from '../random.js';
import type { Machine } from '../hosts/machine.js';
import type { Ports } from '../hosts/ports.js';
import type { CloudView, SandboxClock } from '../types.js';
import { ApiEndpoint } from './api-endpoint.js';
import type { Cluster } from './cluster.js';
import type { Process } from './process.js';

export type PortsSnapshot = readonly (readonly [machine: number, port: number])[];

/** Where the API servers of machines answer: ports of this computer, each kept for its machine's life. */
export class ApiPorts {
  readonly #ports = new Map<number, number>();

  constructor(
    private readonly context: {
      readonly ports: Pick<Ports, 'take' | 'give' | 'listen'>;
      readonly random: Random;
      readonly clock: SandboxClock;
      readonly cloud: CloudView;
    },
  ) {}

  async of(machine: number): Promise<number> {
    const known = this.#ports.get(machine);
    if (known !== undefined) return known;
    const port = await this.context.ports.take();
    const meanwhile = this.#ports.get(machine);
    if (meanwhile === undefined) this.#ports.set(machine, port);
    else this.context.ports.give(port);
    return meanwhile ?? port;
  }

  forget(machine: number): void {
    const port = this.#ports.get(machine);
    if (port !== undefined) this.context.ports.give(port);
    this.#ports.delete(machine);
  }

  /** A server's endpoint, not open yet. Without its etcd a server answers nobody. */
  endpoint({ machine, config }: Process, cluster: Cluster): ApiEndpoint {
    const { ports, random, clock, cloud } = this.context;
    return new ApiEndpoint({
      cluster,
      names: [...new Set([...machine.addresses, ...config.tlsSans])],
      serial: random
        .bytes(8)
        .toString('hex')
        .replace(/^[89a-f]/, '7'),
      ports,
      now: () => clock.now(),
      allowed: () =>
        cluster.members.some((member) => member.machine === machine.id) && cloud.allowed(machine.id, 6443, '127.0.0.1'),
    });
  }

  /** @throws Error when the port is another's. */
  async open(machine: Machine, endpoint: ApiEndpoint): Promise<void> {
    if (machine.spec.bare) await endpoint.openAt(machine.spec.bare.address);
    else this.#ports.set(machine.id, await endpoint.open(await this.of(machine.id)));
  }

  snapshot(): PortsSnapshot {
    return [...this.#ports];
  }

  restore(ports: PortsSnapshot): void {
    for (const [machine, port] of ports) this.#ports.set(machine, port);
  }
}
