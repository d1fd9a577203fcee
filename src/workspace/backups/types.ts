import type { BackupContents, BackupManifest } from './manifest.js';

export type { BackupContents, BackupManifest };

/** What is kept of a cluster, before it has a manifest. */
export interface NewBackup extends Omit<BackupManifest, 'version' | 'snapshot' | 'streams' | 'contentsSha256'> {
  readonly snapshot: Pick<BackupManifest['snapshot'], 'bytes' | 'sha256'>;
}

/** The copy of a stream before it is kept. */
export interface NewStream extends Pick<BackupManifest['streams'][number], 'name' | 'messages' | 'head'> {
  /** Where it is on this computer. */
  readonly file: string;
}

export interface LoadedBackup {
  readonly manifest: BackupManifest;
  /** The file that has its snapshot, packed with gzip; what it is checked against is in the manifest. */
  readonly packed: string;
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
  /**
   * All of it, as whole as its manifest says.
   * @param file gets the snapshot, part by part: it may be larger than what fits into memory
   * @throws as `manifest`; IncompleteError code WORKSPACE_FULL
   */
  load(cluster: string, id: string, file: string): Promise<LoadedBackup>;
  /**
   * Keeps a backup with its copies of streams, part by part, and reads all of it back. Where the place is sealed anew meanwhile,
   * it is written again.
   * @param packed the file that has the snapshot, packed with gzip
   * @throws IncompleteError code WORKSPACE_DIFFERS
   */
  keep(
    backup: NewBackup,
    packed: string,
    contents: BackupContents,
    streams?: readonly NewStream[],
  ): Promise<BackupManifest>;
  /**
   * The copy of a stream, part by part. What it has come to is only known at its end.
   * @throws RefusedError code BACKUP_BAD where it is not what was kept
   */
  stream(manifest: BackupManifest, name: string): AsyncIterable<Buffer>;
  remove(cluster: string, id: string): Promise<void>;
}
