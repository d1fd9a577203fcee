import type { SandboxClock } from '../types.js';

/** A machine that could answer at an address. */
export interface Turn {
  readonly machine: number;
  readonly address: string;
  readonly priority: number;
}

export interface VirtualAddressOptions {
  readonly clock: SandboxClock;
  /** All that could answer now. */
  readonly turns: () => readonly Turn[];
  readonly moved: (address: string, from: number | undefined, to: number | undefined) => void;
}

/** Three advertisements that did not come, and a little. */
const silenceMs = 3_600;

/**
 * Addresses that several servers take turns at, as keepalived does it: the one that has it keeps it while it is well;
 * when it falls silent, the well one with the highest priority takes it.
 */
export class VirtualAddresses {
  readonly #holders = new Map<string, number>();
  readonly #elections = new Map<string, () => void>();

  constructor(private readonly options: VirtualAddressOptions) {}

  holder(address: string): number | undefined {
    return this.#holders.get(address);
  }

  /** Looks who is well; elects after a while where nobody has an address. */
  look(): void {
    const turns = this.options.turns();
    for (const [address, machine] of [...this.#holders]) {
      if (turns.some((turn) => turn.address === address && turn.machine === machine)) continue;
      this.#holders.delete(address);
      this.options.moved(address, machine, undefined);
    }
    for (const address of new Set(turns.map((turn) => turn.address))) {
      if (this.#holders.has(address) || this.#elections.has(address)) continue;
      this.#elections.set(
        address,
        this.options.clock.after(silenceMs, () => this.elect(address)),
      );
    }
  }

  private elect(address: string): void {
    this.#elections.delete(address);
    const [best] = this.options
      .turns()
      .filter((turn) => turn.address === address)
      .sort((a, b) => b.priority - a.priority || a.machine - b.machine);
    if (!best || this.#holders.has(address)) return;
    this.#holders.set(address, best.machine);
    this.options.moved(address, undefined, best.machine);
  }
}
