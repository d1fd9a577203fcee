import type { Random } from '../../../src/domain/clock.js';
import type { MachineHost, PortProbe, SandboxClock, SandboxProfile } from '../types.js';
import { type Action, Actions } from './actions.js';
import { type Location, locations } from './catalogue.js';
import { invalid, notFound } from './errors.js';
import {
  Collection,
  type StoredBalancer,
  type StoredFirewall,
  type StoredGroup,
  type StoredKey,
  type StoredNetwork,
  type StoredServer,
  type StoredVolume,
} from './state.js';

export interface ProjectOptions {
  readonly profile: () => SandboxProfile;
  readonly clock: SandboxClock;
  readonly host: MachineHost;
  readonly probe: PortProbe;
  readonly random: Random;
}

/** How many of each the account may have, and which types are sold out where; changed by faults. */
export interface AccountLimits {
  servers: number;
  soldOut: { type: string; location: string }[];
}

/** All resources of one project and what they have in common. */
export class Project {
  readonly servers = new Collection<StoredServer>();
  readonly keys = new Collection<StoredKey>();
  readonly networks = new Collection<StoredNetwork>();
  readonly firewalls = new Collection<StoredFirewall>();
  readonly groups = new Collection<StoredGroup>();
  readonly balancers = new Collection<StoredBalancer>();
  readonly volumes = new Collection<StoredVolume>();
  readonly limits: AccountLimits = { servers: 1000, soldOut: [] };
  readonly actions: Actions;
  /** What happens when an action of this command ends. */
  readonly onEnd = new Map<string, (action: Action) => void>();
  #lastId = 0;
  #addresses = 0;

  constructor(readonly options: ProjectOptions) {
    this.actions = new Actions(options.clock, (action) => this.onEnd.get(action.command)?.(action));
  }

  get profile(): SandboxProfile {
    return this.options.profile();
  }

  nextId(): number {
    return (this.#lastId += 1);
  }

  nextAddress(): number {
    return this.#addresses++;
  }

  stamp(): string {
    return this.actions.stamp();
  }

  location(name: unknown): Location {
    const found = locations.find((location) => location.name === name || String(location.id) === String(name));
    if (!found) throw invalid('location', `location ${String(name)} not found`);
    return found;
  }

  server(id: number): StoredServer {
    const server = this.servers.byId.get(id);
    if (!server) throw notFound('server', id);
    return server;
  }

  network(id: number): StoredNetwork {
    const network = this.networks.byId.get(id);
    if (!network) throw notFound('network', id);
    return network;
  }

  /** Every address in use on a network. */
  usedAddresses(network: number): Set<string> {
    const own = (nets: readonly { network: number; ip: string }[]): string[] =>
      nets.filter((net) => net.network === network).map((net) => net.ip);
    return new Set([...this.servers.all(), ...this.balancers.all()].flatMap(({ nets }) => own(nets)));
  }

  snapshot(): unknown {
    return {
      lastId: this.#lastId,
      addresses: this.#addresses,
      actions: this.actions.snapshot(),
      limits: this.limits,
      ...Object.fromEntries(collections.map((name) => [name, this[name].all()])),
    };
  }

  restore(state: Record<string, unknown>): void {
    this.#lastId = state['lastId'] as number;
    this.#addresses = state['addresses'] as number;
    Object.assign(this.limits, state['limits']);
    for (const name of collections) {
      for (const item of (state[name] ?? []) as { id: number; name: string }[])
        (this[name] as Collection<{ id: number; name: string }>).add(item);
    }
    this.actions.restore(state['actions'] as never);
  }
}

const collections = ['servers', 'keys', 'networks', 'firewalls', 'groups', 'balancers', 'volumes'] as const;
