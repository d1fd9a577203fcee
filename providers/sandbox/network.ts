import type { Machine } from './hosts/machine.js';
import type { CloudView } from './types.js';

export interface NetworkParts {
  /** The cloud that rents this machine out. */
  readonly cloudOf: (machine: number) => CloudView;
  readonly machines: () => { get(id: number): Machine | undefined; all(): readonly Machine[] };
  /** Who answers at an address that several servers take turns at. */
  readonly holderOf: (address: string) => number | undefined;
}

/** Who reaches whom: by the cloud's rules among its machines, by plain addresses among bare hosts. */
export class Network implements CloudView {
  constructor(private readonly parts: NetworkParts) {}

  allowed(id: number, port: number, source: string): boolean {
    const machine = this.parts.machines().get(id);
    if (!machine?.spec.bare) return this.parts.cloudOf(id).allowed(id, port, source);
    return !machine.isCutOff;
  }

  resolve(from: number, address: string, port: number): readonly number[] {
    const machines = this.parts.machines();
    const caller = machines.get(from);
    if (!caller?.spec.bare) return this.parts.cloudOf(from).resolve(from, address, port);
    const holder = this.parts.holderOf(address);
    const found =
      holder === undefined
        ? machines.all().find((machine) => machine.spec.bare && machine.addresses.includes(address))
        : machines.get(holder);
    if (!found?.up) return [];
    return found === caller || (!found.isCutOff && !caller.isCutOff) ? [found.id] : [];
  }

  server(id: number): ReturnType<CloudView['server']> {
    return this.parts.cloudOf(id).server(id);
  }
}
