import type { HeldParts, ProvenPart } from '../domain/backup-parts.js';
import type { Uncovered } from '../domain/coverage.js';
import type { ClusterRef } from '../domain/machine.js';
import type { OutdatedMachine, UnfitMachine } from '../domain/outdated.js';
import type { Secret } from '../domain/secret.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import type { BackupSets } from './backups/types.js';

/** An OpenSSH ed25519 key pair. */
export interface KeyPair {
  /** `ssh-ed25519 AAAA… comment` */
  readonly publicKey: string;
  /** OpenSSH private key file. */
  readonly privateKey: Secret;
}

/** What was asked for, kept so that later commands need no file. The provider's facts always win over it. */
export interface ClusterRecord extends ClusterRef {
  readonly spec: ClusterSpec;
  /** Absolute path of the file the spec came from, if any. */
  readonly file?: string | undefined;
  /** The public key that the machines were made with; undefined in records of before it was kept. */
  readonly sshPublicKey?: string | undefined;
  /** What its servers ran, or were to run first, when it was last applied: for lists that ask no cluster. */
  readonly runningVersion?: string | undefined;
  /** An upgrade that was begun and is not through: what was asked for, and the releases on the way as they were found then. */
  readonly upgrade?:
    | {
        readonly asked: string;
        readonly stops: readonly string[];
        /** Whether nodes are replaced by fresh machines; undefined: they are changed where they run. */
        readonly strategy?: 'in-place' | 'replace' | undefined;
      }
    | undefined;
  /** A rotation of certificates that was begun and is not through: machines know by its id that they have done it. */
  readonly certificateRotation?: { readonly id: string; readonly begunAt: string } | undefined;
  /** A restore that was begun and is not through. */
  readonly restore?:
    | {
        /** Id of the backup. */
        readonly backup: string;
        /** This restore's own, by which hosts know that they have done it. */
        readonly id: string;
        /** ISO 8601: when it was begun. */
        readonly begunAt: string;
        /** Whether the first server runs with the data of the backup. */
        readonly restored: boolean;
      }
    | undefined;
  /** It is a copy of another cluster, made from a backup, in which nothing is to run. */
  readonly quarantine?: Quarantine | undefined;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Where a copy comes from that is only to be looked at. */
export interface Quarantine {
  /** The cluster that it is a copy of. */
  readonly of: ClusterRef;
  /** Id of the backup. */
  readonly backup: string;
  /** This restore's own, by which hosts know that they have done it. */
  readonly id: string;
  /** ISO 8601: when it was begun. */
  readonly begunAt: string;
  /** Whether it was made for a drill, which deletes it again. */
  readonly drill: boolean;
}

/** What lists show of a cluster. */
export interface RecordSummary {
  readonly provider: string;
  /** `unknown` where that is not on record. */
  readonly kubernetesVersion: string;
  readonly desiredVersion: string;
  /** As many as were asked for. */
  readonly machines: number;
  readonly createdAt: string;
}

/** What the last comparison of a cluster with its file found: for lists that ask no cluster. It is never the truth. */
export interface LastLook {
  /** ISO 8601. */
  readonly at: string;
  /** Which command looked: `cluster status`. */
  readonly by: string;
  /** How many steps would have been left to do. */
  readonly steps: number;
  readonly outdated: readonly OutdatedMachine[];
  readonly unfit: readonly UnfitMachine[];
}

/** What was done last for the case that all is lost: for those who show it without looking for it. */
export interface LastBackup {
  readonly backup?:
    | ({
        readonly id: string;
        readonly where: string;
        /** What of the cluster is not in it; undefined where that was not kept. */
        readonly uncovered?: readonly Uncovered[] | undefined;
      } & HeldParts)
    | undefined;
  /** Of the parts beside etcd’s data, each time it was brought back last. */
  readonly parts?: readonly ProvenPart[] | undefined;
  /** The last restore that led to a cluster that works. */
  readonly restore?:
    | {
        readonly id: string;
        /** ISO 8601. */
        readonly at: string;
        /** How old the data was, in milliseconds, when the restore began. */
        readonly dataAgeMs: number;
        /** How long it took, in milliseconds. */
        readonly tookMs: number;
        /** What was made of it: the cluster itself, a copy beside it, or one that was deleted again. Undefined: the cluster. */
        readonly as?: 'cluster' | 'copy' | 'drill' | undefined;
        /** Objects that a copy listed. */
        readonly objects?: number | undefined;
      }
    | undefined;
}

export interface LockHolder {
  /** `cluster create` */
  readonly operation: string;
  readonly pid: number;
  readonly host: string;
  readonly user: string;
  /** ISO 8601. */
  readonly since: string;
}

/** One line of the journal. Holds no secret; it is never the truth. */
export interface JournalEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface Journal {
  /** File name without folder, also the operation's id: `2026-11-20T10-00-00Z-create-3f2a`. */
  readonly id: string;
  append(entry: JournalEntry): void;
  /** Resolves once all entries are on disk. */
  close(): Promise<void>;
}

export interface OperationSummary {
  readonly id: string;
  readonly operation: string;
  readonly startedAt: string;
  /** Undefined while it runs, or when it was killed. */
  readonly finishedAt?: string | undefined;
  readonly outcome: 'done' | 'failed' | 'interrupted' | 'unfinished';
  readonly steps: { readonly done: number; readonly failed: number; readonly total: number };
}

/** Everything of one cluster that cannot be found again elsewhere. Files 0600 in folders 0700. */
export interface ClusterFolder {
  readonly name: string;
  record(): Promise<ClusterRecord | undefined>;
  /** What lists show of the record, without reading all of it. */
  summary(): Promise<RecordSummary | undefined>;
  /** Undefined where nobody has looked yet, or what was stored cannot be read. */
  lastLook(): Promise<LastLook | undefined>;
  saveLook(look: LastLook): Promise<void>;
  saveRecord(record: ClusterRecord): Promise<void>;
  /** As `saveRecord`, in place of one that cannot be read, too, which is kept under another name. */
  replaceRecord(record: ClusterRecord): Promise<void>;

  /** The cluster's SSH key pair, made on first use. */
  identity(): Promise<KeyPair>;
  /** The same where there is one already; makes none. */
  storedIdentity(): Promise<KeyPair | undefined>;
  /** Makes a new pair the cluster's; what else was there is kept under another name. */
  newIdentity(): Promise<KeyPair>;
  /** Makes this OpenSSH private key the cluster's; what else was there is kept under another name. */
  replaceIdentity(privateKey: Secret): Promise<KeyPair>;
  /** A pair stored for a rotation that is under way, so that a killed one goes on with the same key. */
  nextIdentity(): Promise<KeyPair>;
  /** The same where there is one already; makes none. */
  storedNextIdentity(): Promise<KeyPair | undefined>;
  /** Makes the next pair the cluster's: at no moment is there neither. */
  swapIdentity(): Promise<KeyPair>;
  forgetNextIdentity(): Promise<void>;
  /** The private key's file; undefined where the workspace is no folder. */
  readonly identityPath: string | undefined;
  /** A secret by name (`server-token`), made by `make` on first use; the first stored value is the one that counts. */
  secret(name: string, make: () => string): Promise<Secret>;
  /** The same where there is one already; makes none. */
  storedSecret(name: string): Promise<Secret | undefined>;
  /** Makes this the secret of that name, whatever was there. */
  replaceSecret(name: string, value: Secret): Promise<void>;
  forgetSecret(name: string): Promise<void>;

  /** The first host key of a machine, made and pinned on first use: it is what cloud-init hands over. */
  firstHostKey(machine: string): Promise<KeyPair>;
  /** Accepted host keys of a machine, possibly none. */
  pins(machine: string): Promise<readonly string[]>;
  addPin(machine: string, publicKey: string): Promise<void>;
  /** Leaves exactly this key, and forgets the first host key's private half. */
  onlyPin(machine: string, publicKey: string): Promise<void>;
  /** A key stored for a swap that is under way, so that a killed swap goes on with the same key. */
  nextHostKey(machine: string): Promise<KeyPair>;
  /** Whether the first host key has been replaced: `onlyPin` was called for this machine. */
  hostKeySwapped(machine: string): Promise<boolean>;
  forgetMachine(machine: string): Promise<void>;
  /** What people call the place of a machine's host keys: a file, or an object in a bucket. */
  hostKeysPlace(machine: string): string;

  kubeconfig(): Promise<Secret | undefined>;
  saveKubeconfig(text: Secret): Promise<void>;
  /** The kubeconfig's file; undefined where the workspace is no folder. */
  readonly kubeconfigPath: string | undefined;

  /**
   * Holds the cluster's lock until released. A lock of a dead process on this host is taken over.
   * @throws BusyError code CLUSTER_BUSY: who holds it, doing what, since when.
   */
  lock(operation: string): Promise<Lock>;
  holder(): Promise<LockHolder | undefined>;
  /** The lock as it stands, whether or not its holder lives. */
  storedLock(): Promise<StoredLock | undefined>;
  /** Only looks whether the lock is free. @throws BusyError as `lock` */
  refuseBusy(): Promise<void>;
  /** Runs that held the lock and may have left something: what the next `lock` has as `predecessors`. */
  deadRuns(): Promise<readonly string[]>;

  journal(operation: string): Promise<Journal>;
  /** Newest first. */
  history(): Promise<readonly OperationSummary[]>;

  /** All that a cluster is known by here, by key: what of it is of one moment, such as its lock and its journals, is left out. */
  contents(): Promise<Readonly<Record<string, string>>>;
  /** Puts such contents back, but for what is there. @returns the keys that were missing */
  fill(contents: Readonly<Record<string, string>>): Promise<readonly string[]>;
  /** As it would be after `fill`: what is written there is kept in memory only. */
  asFilled(contents: Readonly<Record<string, string>>): ClusterFolder;
  lastBackup(): Promise<LastBackup | undefined>;
  saveLastBackup(last: LastBackup): Promise<void>;
  /** What was noted under this name, for those who save looking or telling twice; undefined: nothing that can be read. */
  noted(name: string): Promise<unknown>;
  /** Notes something that JSON can hold, and that is never the truth. */
  note(name: string, value: unknown): Promise<void>;

  /** Whether anything of a cluster is kept here: without a record there may still be the keys of one that runs. */
  keepsAnything(): Promise<boolean>;
  /** Removes the folder with everything in it. */
  remove(): Promise<void>;
}

export interface StoredLock {
  /** Undefined for what a crash left of it. */
  readonly holder: LockHolder | undefined;
  /** Takes it away, unless it is another by now: then false. */
  remove(): Promise<boolean>;
}

export interface Lock {
  readonly holder: LockHolder;
  /** No other run ever has the same. */
  readonly run: string;
  /** Runs that held this lock and may have left something, because they died or said so. */
  readonly predecessors: readonly string[];
  /** With `remember` whoever takes it next is told of this run, as of one that died. */
  release(remember?: 'remember'): Promise<void>;
}

export interface Workspace {
  readonly path: string;
  /** The country that it lies in, `DE`; `here` for this computer, undefined where that is not known. */
  country(): Promise<string | undefined>;
  /** Names with a record, sorted. */
  clusterNames(): Promise<readonly string[]>;
  cluster(name: string): ClusterFolder;
  /**
   * Backups of clusters: in this workspace, or at another place that `to` names. They are sealed wherever they are.
   * @param mode whether a place for them is made where there is none
   * @returns undefined where there is none
   */
  backups(to: string | undefined, mode: 'make' | 'look'): Promise<BackupSets | undefined>;
  /** Folder for a provider's throw-away state, such as the sandbox's. */
  stateFolder(provider: string): string;
}
