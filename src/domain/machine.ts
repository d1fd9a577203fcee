import { compareText } from './compare-text.js';
import type { Secret } from './secret.js';

/** Which cluster something belongs to. Names are unique in a workspace; ids everywhere. */
export interface ClusterRef {
  readonly name: string;
  /** Random, made with the cluster, part of every computed name. */
  readonly id: string;
}

export type Role = 'control-plane' | 'worker';

/** The place of a machine in its cluster, from which its name is computed. */
export interface Slot {
  readonly pool: string;
  readonly role: Role;
  /** 1, 2, 3 … within the pool. */
  readonly slot: number;
  /** 1 for the first machine in this slot, one more with each replacement. */
  readonly generation: number;
  /**
   * Of a machine that stands by for its pool, booted and prepared and no node: what it is prepared for, as `preparedMark`
   * writes it, or `new`. Standbys are counted by themselves.
   */
  readonly standby?: string | undefined;
}

/** A way into a machine that Slipway did not make: it was there, with its own host key and its owner's users. */
export interface MachineLogin {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** OpenSSH private key; with `agent` its public half. */
  readonly identity: Secret;
  /** Socket of an SSH agent that holds the private key. */
  readonly agent?: string | undefined;
  /** Accepted host keys in OpenSSH form, or fingerprints (`SHA256:…`). Never empty, and never replaced by us. */
  readonly hostKeys: readonly string[];
  readonly jump?: Omit<MachineLogin, 'jump'> | undefined;
}

/** A file system of a machine that is all but full. */
export interface FullDisk {
  /** The folder of the cluster's data that lies on it. */
  readonly path: string;
  readonly freeMiB: number;
}

/** A machine as the provider reports it. */
export interface Machine extends Slot {
  /** The provider's own id. */
  readonly id: string;
  /** Also the node's name in Kubernetes. */
  readonly name: string;
  readonly type: string;
  readonly location: string;
  /** Every name its image goes by, the one for people first; undefined where the provider does not tell. */
  readonly imageNames?: readonly string[] | undefined;
  readonly status: 'creating' | 'running' | 'starting' | 'stopping' | 'off' | 'deleting' | 'unknown';
  readonly publicAddress: string | undefined;
  readonly privateAddress: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly createdAt: string;
  /** What its owner calls the host that it is, where that was there before us. */
  readonly host?: string | undefined;
  /** How to log in, where that is not as root with the cluster's own key at its public address. */
  readonly login?: MachineLogin | undefined;
  /** Its owner took it out of the file: whatever it does for the cluster is to move, and then it is released. */
  readonly markedForRemoval?: boolean | undefined;
  /** Kubernetes labels that come with the machine and not with its pool. */
  readonly nodeLabels?: Readonly<Record<string, string>> | undefined;
  /** Nobody logs in to it: its provider runs it. */
  readonly isClosed?: boolean | undefined;
  /** Disks with data of the cluster that are all but full, where its provider looks at machines from inside. */
  readonly fullDisks?: readonly FullDisk[] | undefined;
}

/** Control planes first, then pools by name, each by slot: the order in which people look for a machine. */
export function bySlot(a: Slot, b: Slot): number {
  const rank = (slot: Slot): number => (slot.role === 'control-plane' ? 0 : 1);
  const waits = (slot: Slot): number => Number(slot.standby !== undefined);
  return (
    rank(a) - rank(b) ||
    compareText(a.pool, b.pool) ||
    waits(a) - waits(b) ||
    a.slot - b.slot ||
    a.generation - b.generation
  );
}

/** The pool name of the control plane. */
export const controlPlanePool = 'cp';
