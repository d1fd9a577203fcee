import type { AddressView } from '../hosts/machine-types.js';
import type { Machine } from '../hosts/machine.js';
import { vipHolderOf } from '../hosts/tasks/hold-address.js';
import type { CloudView, SandboxClock } from '../types.js';
import type { Process } from './process.js';
import { type VipHolder, VirtualAddresses } from './virtual-addresses.js';

const apiPort = 6443;

/** Where the API of bare hosts answers: at their own addresses, and at those that they take turns at. */
export class ApiAddresses implements AddressView<Machine> {
  readonly #shared: VirtualAddresses;
  readonly #moves = new Map<string, Promise<void>>();

  constructor(
    private readonly processes: ReadonlyMap<number, Process>,
    private readonly serves: (machine: number) => boolean,
    private readonly context: { readonly clock: SandboxClock; readonly cloud: CloudView },
  ) {
    this.#shared = new VirtualAddresses({
      clock: context.clock,
      turns: () => this.turns(),
      moved: (address, from, to) => this.moved(address, from, to),
    });
  }

  /** Something happened to a server. */
  look(): void {
    this.#shared.look();
  }

  holderOf(address: string): number | undefined {
    return this.#shared.holder(address);
  }

  has(machine: Machine, address: string): boolean {
    this.look();
    return this.#shared.has(machine.id, address);
  }

  apiAnswers(machine: Machine, address: string): boolean {
    this.look();
    return this.context.cloud.resolve(machine.id, address, apiPort).some((id) => this.serves(id));
  }

  certifies(machine: Machine, address: string): boolean {
    const config = this.processes.get(machine.id)?.config;
    return config?.tlsSans.includes(address) === true || machine.addresses.includes(address);
  }

  isTaken(machine: Machine, address: string): boolean {
    return this.context.cloud.resolve(machine.id, address, 22).some((id) => id !== machine.id);
  }

  /** Servers that take their turn at an address, and could serve it now. */
  private turns(): readonly VipHolder[] {
    return [...this.processes.values()].flatMap(({ machine }) => {
      const turn = machine.spec.bare && this.serves(machine.id) ? vipHolderOf(machine) : undefined;
      return turn ? [{ ...turn, machine: machine.id }] : [];
    });
  }

  /** One move of an address after the other: it is free for the next one only once it was released. */
  private moved(address: string, from: number | undefined, to: number | undefined): void {
    const before = this.#moves.get(address) ?? Promise.resolve();
    const left = from === undefined ? undefined : this.processes.get(from)?.endpoint;
    const process = to === undefined ? undefined : this.processes.get(to);
    const move = before
      .then(() => left?.letGo(address))
      .then(() => process?.endpoint?.hold(address))
      .then(
        // Others may wait for an answer there, too.
        () => [...this.processes.values()].forEach(({ machine }) => machine.changed()),
        (error: Error) => process?.machine.journal(process.unit, `level=error msg="${error.message}"`),
      );
    this.#moves.set(address, move);
  }
}
