import type { Random } from '../random.js';
import type { Faults } from '../hetzner-api/faults.js';
import type { MachineHost, PortProbe, SandboxClock, SandboxProfile } from '../types.js';
import type { Jobs } from './jobs.js';
import type { ManagedHost } from './lke/host.js';
import type { Counters, Tables } from './state.js';

/** How much one account may have. */
export interface LinodeLimits {
  readonly instances: number;
}

/** All that an operation of the API may look at and change. */
export interface World {
  readonly profile: SandboxProfile;
  readonly limits: LinodeLimits;
  readonly clock: SandboxClock;
  readonly host: MachineHost;
  readonly probe: PortProbe;
  readonly kubernetes: ManagedHost;
  readonly random: Random;
  readonly tables: Tables;
  readonly counters: Counters;
  readonly jobs: Jobs;
  readonly faults: Faults;
  newId(): number;
  /** As the API writes times: UTC, without saying so. */
  isoNow(): string;
}
