import type { ChartFaults } from '../helm/index.js';
import type { Machine } from '../hosts/machine.js';
import type { Ports } from '../hosts/ports.js';
import type { Random } from '../random.js';
import type { CloudView, SandboxClock, SandboxProfile } from '../types.js';
import type { CloudCall } from './cloud-client.js';

export interface K3sContext {
  readonly clock: SandboxClock;
  readonly profile: () => SandboxProfile;
  readonly random: Random;
  readonly ports: Ports;
  readonly cloud: CloudView;
  readonly machine: (id: number) => Machine | undefined;
  readonly changed: () => void;
  readonly chartFaults: ChartFaults;
  readonly cloudCall: CloudCall;
}
