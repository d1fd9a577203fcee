import type { Random } from '../random.js';
import type { MachineHost, PortProbe, SandboxClock, SandboxProfile } from '../types.js';
import type { Actions } from './actions.js';
import type { Faults } from './faults.js';
import type { Rate } from './rate-limit.js';
import type { Counters, Tables } from './state.js';

/** How much one account may have; Hetzner tells its customers only by refusing. */
export interface Limits {
  readonly servers: number;
  readonly balancers: number;
  readonly networks: number;
  readonly firewalls: number;
  readonly placementGroups: number;
  readonly volumes: number;
  readonly primaryIps: number;
  readonly rate: Rate;
}

export const defaultLimits: Limits = {
  servers: 100,
  balancers: 50,
  networks: 50,
  firewalls: 50,
  placementGroups: 50,
  volumes: 1_000,
  primaryIps: 500,
  rate: { size: 3_600, perSecond: 1 },
};

/** All that an operation of the API may look at and change. */
export interface World {
  readonly profile: SandboxProfile;
  readonly limits: Limits;
  readonly clock: SandboxClock;
  readonly host: MachineHost;
  readonly probe: PortProbe;
  readonly random: Random;
  readonly tables: Tables;
  readonly counters: Counters;
  readonly actions: Actions;
  readonly faults: Faults;
  newId(): number;
  isoNow(): string;
}
