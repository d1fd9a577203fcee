import type { BackupContents, BackupManifest } from './manifest.js';

export type { BackupContents, BackupManifest };

/** What is kept of a cluster, before it has a manifest. */
export interface NewBackup extends Omit<BackupManifest, 'version' | 'snapshot' | 'contentsSha256'> {
  readonly snapshot: Pick<BackupManifest['snapshot'], 'bytes' | 'sha256'>;
}

export interface LoadedBackup {
  readonly manifest: BackupManifest;
  /** Packed with gzip; what it is checked against is in the manifest. */
  readonly packed: Buffer;
  readonly contents: BackupContents;
}

/** The backups of all clusters at one place. Each is a set of objects that never change, its manifest written last. */
export interface BackupSets {
  readonly where: string;
  /** The country that the place lies in, `DE`; `here` for this computer, undefined where that is not known. */
  readonly country: string | undefined;
  /** Ids of backups that are whole, the newest first; and of sets that are not, or not yet. */
  list(cluster: string): Promise<{ readonly ids: readonly string[]; readonly unfinished: readonly string[] }>;
  /** @throws UsageError code NO_BACKUP; RefusedError code BACKUP_BAD */
  manifest(cluster: string, id: string): Promise<BackupManifest>;
  /** All of it, as whole as its manifest says. @throws as `manifest` */
  load(cluster: string, id: string): Promise<LoadedBackup>;
  /** Keeps a backup, and reads all of it back. @throws IncompleteError code WORKSPACE_DIFFERS */
  keep(backup: NewBackup, packed: Buffer, contents: BackupContents): Promise<BackupManifest>;
  remove(cluster: string, id: string): Promise<void>;
}
