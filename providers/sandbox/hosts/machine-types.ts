import type { Random } from '../random.js';
import type { MachineSpec, SandboxClock, SandboxProfile } from '../types.js';
import type { FsSnapshot } from './file-system.js';
import type { HostTraits } from './host-traits.js';
import type { UnitName, UnitsSnapshot } from './units.js';

export type Power = 'off' | 'booting' | 'running' | 'stopping' | 'restarting';
/** `absent`: a bare host has none. */
export type CloudInit = 'not run' | 'running' | 'done' | 'error' | 'absent';

export interface NetworkInterface {
  readonly name: string;
  readonly networkId: number;
  readonly address: string;
  up: boolean;
}

/** What machines know of the addresses at which an API answers. */
export interface AddressView<Machine> {
  /** Which machine answers at an address that several may hold; undefined: none. */
  holderOf(address: string): number | undefined;
  /** Whether a machine has taken such an address; two have where they do not hear each other. */
  has(machine: Machine, address: string): boolean;
  /** Whether the API answers at an address, as one machine sees it. */
  apiAnswers(machine: Machine, address: string): boolean;
  /** Whether the certificate of this machine's API names an address. */
  certifies(machine: Machine, address: string): boolean;
  /** Whether another machine has an address of its own. */
  isTaken(machine: Machine, address: string): boolean;
}

/** What etcd of a server that serves tells of itself. */
export interface EtcdState {
  readonly k3sVersion: string;
  /** `3.6.0` */
  readonly clusterVersion: string;
}

/** What can be done with snapshots of etcd on a machine. */
export interface SnapshotView<Machine> {
  /** As its file is; undefined while k3s does not serve there. */
  take(machine: Machine): Buffer | undefined;
  /**
   * What `k3s server --cluster-reset --cluster-reset-restore-path` does with the machine's configuration.
   * @throws Error in the words of k3s, where it ends with them
   */
  restore(machine: Machine, snapshot: Buffer): void;
  /** What the task `renew-nodes` asks kubectl for. */
  renewNodes(
    machine: Machine,
    kept: { readonly own: string; readonly keep: readonly string[] },
  ): { readonly removed: readonly string[]; readonly waiting: readonly string[]; readonly anew: boolean };
}

/** What can be done with the tokens that servers and agents are joined with. */
export interface TokenView<Machine> {
  /** Asks k3s of a server to take another token for servers. @returns false while it does not serve */
  rotate(machine: Machine, token: string): boolean;
}

/** What a unit does; the sandbox's k3s. */
export interface UnitBehaviour<Machine> {
  /** Undefined while k3s does not serve there. */
  etcd(machine: Machine): EtcdState | undefined;
  readonly snapshots: SnapshotView<Machine>;
  readonly tokens: TokenView<Machine>;
  started(machine: Machine, unit: UnitName): void;
  /** `lost`: the power went; nothing was said to anyone. */
  stopped(machine: Machine, unit: UnitName, how: 'asked' | 'lost'): void;
  /** The network of a machine went or came back, while it runs on. */
  cutOff(machine: Machine): void;
  readonly addresses: AddressView<Machine>;
}

export interface MachineContext<Machine> {
  readonly clock: SandboxClock;
  readonly profile: () => SandboxProfile;
  readonly random: Random;
  readonly behaviour: UnitBehaviour<Machine>;
  readonly changed: (machine: Machine) => void;
}

export interface MachineSnapshot {
  readonly spec: MachineSpec;
  readonly files: FsSnapshot;
  readonly units: UnitsSnapshot;
  readonly users: readonly (readonly [string, { sudo: boolean }])[];
  readonly interfaces: readonly NetworkInterface[];
  readonly hostname: string;
  readonly power: Power;
  readonly bootId: string;
  readonly bootedAt: number;
  readonly cloudInit: CloudInit;
  readonly cloudInitErrors: readonly string[];
  readonly neverBoots: boolean;
  readonly badDownloads: boolean;
  readonly diskFull: boolean;
  readonly traits?: HostTraits | undefined;
  readonly isCutOff?: boolean | undefined;
  readonly hangs?: boolean | undefined;
}
