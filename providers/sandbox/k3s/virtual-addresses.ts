import type { SandboxClock } from '../types.js';

/** What moves an address among machines. Those that are moved by one do not hear those that are moved by the other. */
export type Mover = 'keepalived' | 'kube-vip';

/** A machine that could answer at an address. */
export interface VipHolder {
  readonly machine: number;
  readonly address: string;
  readonly by: Mover;
  readonly priority: number;
}

export interface VirtualAddressOptions {
  readonly clock: SandboxClock;
  /** All that could answer now. */
  readonly turns: () => readonly VipHolder[];
  /** Another machine answers at an address. */
  readonly moved: (address: string, from: number | undefined, to: number | undefined) => void;
}

/** Three advertisements that did not come, and a little. */
const silenceMs = 3_600;

/**
 * Addresses that several servers take turns at, as keepalived does it: the one that has it keeps it while it is well;
 * when it falls silent, the well one with the highest priority takes it. Where some are moved by another program, two
 * may have it: then the first one answers.
 */
export class VirtualAddresses {
  /** Who has an address, the one that answers first. */
  readonly #holders = new Map<string, readonly VipHolder[]>();
  readonly #elections = new Set<string>();

  constructor(private readonly options: VirtualAddressOptions) {}

  /** Who answers at an address. */
  holder(address: string): number | undefined {
    return this.#holders.get(address)?.[0]?.machine;
  }

  has(machine: number, address: string): boolean {
    return this.#holders.get(address)?.some((turn) => turn.machine === machine) ?? false;
  }

  /** Looks who is well; elects after a while where nobody has an address. */
  look(): void {
    const turns = this.options.turns();
    for (const [address, holders] of [...this.#holders]) {
      this.set(
        address,
        holders.filter((holder) => turns.some((turn) => same(turn, holder))),
      );
    }
    for (const { address, by } of turns) {
      const election = `${by} ${address}`;
      if (this.isHeld(address, by) || this.#elections.has(election)) continue;
      this.#elections.add(election);
      this.options.clock.after(silenceMs, () => {
        this.#elections.delete(election);
        this.elect(address, by);
      });
    }
  }

  private elect(address: string, by: Mover): void {
    const [best] = this.options
      .turns()
      .filter((turn) => turn.address === address && turn.by === by)
      .sort((a, b) => b.priority - a.priority || a.machine - b.machine);
    if (best && !this.isHeld(address, by)) this.set(address, [...(this.#holders.get(address) ?? []), best]);
  }

  private isHeld(address: string, by: Mover): boolean {
    return this.#holders.get(address)?.some((holder) => holder.by === by) ?? false;
  }

  private set(address: string, holders: readonly VipHolder[]): void {
    const from = this.holder(address);
    if (holders.length > 0) this.#holders.set(address, holders);
    else this.#holders.delete(address);
    const to = this.holder(address);
    if (from !== to) this.options.moved(address, from, to);
  }
}

const same = (a: VipHolder, b: VipHolder): boolean =>
  a.machine === b.machine && a.address === b.address && a.by === b.by;
