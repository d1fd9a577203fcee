export type UnitName = 'k3s' | 'k3s-agent';
export const unitNames: readonly UnitName[] = ['k3s', 'k3s-agent'];

export type UnitState = 'inactive' | 'activating' | 'active' | 'failed';

export interface Unit {
  enabled: boolean;
  state: UnitState;
  /** How often systemd started it again since it was asked to start it. */
  restarts: number;
}

const journalLimit = 200;

/** What systemd knows of one machine: its k3s units and their journal. */
export class Units {
  readonly #units = new Map<UnitName, Unit>();
  readonly #journal: { unit: UnitName; at: number; text: string }[] = [];

  /** Undefined: there is no such unit file. */
  get(name: UnitName): Readonly<Unit> | undefined {
    return this.#units.get(name);
  }

  define(name: UnitName): void {
    if (!this.#units.has(name)) this.#units.set(name, { enabled: false, state: 'inactive', restarts: 0 });
  }

  set(name: UnitName, change: Partial<Unit>): void {
    const unit = this.#units.get(name);
    if (unit) Object.assign(unit, change);
  }

  enabled(): UnitName[] {
    return unitNames.filter((name) => this.#units.get(name)?.enabled);
  }

  log(unit: UnitName, at: number, text: string): void {
    const last = this.#journal.at(-1);
    // journald keeps every line; a retry that says the same again and again would push the reason out of our short one.
    if (last?.unit === unit && last.text === text) last.at = at;
    else this.#journal.push({ unit, at, text });
    if (this.#journal.length > journalLimit) this.#journal.shift();
  }

  /** Texts of the lines since a moment, without their head. */
  since(unit: UnitName, at: number): string[] {
    return this.#journal.filter((line) => line.unit === unit && line.at >= at).map(({ text }) => text);
  }

  /** Texts of the lines since the unit was last told to start. */
  ofThisStart(unit: UnitName): string[] {
    const lines = this.#journal.filter((line) => line.unit === unit).map(({ text }) => text);
    return lines.slice(lines.findLastIndex((text) => text.startsWith(`Starting ${unit}.service`)) + 1);
  }

  /** As `journalctl -u` prints them. */
  journal(unit: UnitName, host: string): string[] {
    return this.#journal
      .filter((line) => line.unit === unit)
      .map(({ at, text }) => `${stamp(at)} ${host} ${unit}[812]: ${text}`);
  }

  snapshot(): UnitsSnapshot {
    return { units: [...this.#units], journal: this.#journal.slice(-50) };
  }

  restore(state: UnitsSnapshot): void {
    for (const [name, unit] of state.units) this.#units.set(name, { ...unit });
    this.#journal.push(...state.journal);
  }
}

export interface UnitsSnapshot {
  readonly units: readonly (readonly [UnitName, Unit])[];
  readonly journal: readonly { unit: UnitName; at: number; text: string }[];
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
function stamp(at: number): string {
  const d = new Date(at);
  const two = (n: number): string => String(n).padStart(2, '0');
  const time = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  return `${months[d.getUTCMonth()]} ${two(d.getUTCDate())} ${time}`;
}
