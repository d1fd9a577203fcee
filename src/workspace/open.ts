import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { openBoundary, type Boundary } from '../domain/boundary.js';
import type { Clock, Random } from '../domain/clock.js';
import type { Findings } from '../domain/findings.js';
import { StoredCluster } from './cluster-folder.js';
import { busyError } from './cluster-lock.js';
import { errorCode, fileError } from './file-errors.js';
import { Files } from './files.js';
import { isS3, safeName, workspacePath, type Environment } from './paths.js';
import { systemProcesses, thisProcess, type ProcessInfo, type ProcessTable } from './processes.js';
import { environmentSecrets } from './redact.js';
import { KeyedMutex } from './keyed-mutex.js';
import { refuseMoved } from './moved.js';
import { LocalBlobs } from './local-blobs.js';
import { remoteWorkspace } from './remote-workspace.js';
import type { OpenS3Options } from './s3/open-s3.js';
import type { ClusterFolder, KeyPair, Workspace } from './types.js';

export interface WorkspaceOptions {
  /** A folder, or `s3://bucket/prefix`. Default: `$SLIPWAY_WORKSPACE`, else `workspacePath`. */
  readonly path?: string | undefined;
  readonly env: Environment;
  readonly clock: Clock;
  readonly random: Random;
  readonly boundary: Boundary;
  /** Makes an OpenSSH ed25519 key pair with this comment. */
  readonly generateKeyPair: (comment: string) => KeyPair;
  /** Default: this process. */
  readonly process?: ProcessInfo;
  readonly processes?: ProcessTable;
  /** Told of what was repaired by itself, such as permissions. Default: nobody. */
  readonly warn?: (text: string) => void;
  /** Which records this very build found to be right before. Default: none. */
  readonly findings?: Findings | undefined;
}

/** What all places of one process share. */
export interface WorkspaceParts extends OpenS3Options {
  /** Where the workspace is: a folder, or `s3://bucket/prefix`. */
  readonly place: string;
}

export function workspaceParts(options: WorkspaceOptions): WorkspaceParts {
  const { env, clock, random, boundary, findings, warn = () => {} } = options;
  const home = workspacePath(env, env['HOME'] ?? homedir(), process.platform);
  const place = options.path ?? (env['SLIPWAY_WORKSPACE'] || home);
  return {
    place: isS3(place) ? place : resolve(place),
    home,
    env,
    clock,
    random,
    boundary,
    findings,
    warn,
    process: options.process ?? thisProcess(),
    processes: options.processes ?? systemProcesses,
    generateKeyPair: options.generateKeyPair,
    secrets: new Set(environmentSecrets(env)),
    quietFiles: new Files({ root: home, boundary: openBoundary, random, warn, durable: false }),
    turns: new KeyedMutex(),
  };
}

/**
 * Opens the workspace; makes nothing until something is written. Folders are 0700 and files 0600.
 * @throws UsageError from any use: WORKSPACE_UNWRITABLE, WORKSPACE_NOT_A_FOLDER, WORKSPACE_CORRUPT, RECORD_TOO_NEW,
 * WORKSPACE_MOVED.
 * @throws IncompleteError from any write: WORKSPACE_FULL.
 */
export function openWorkspace(options: WorkspaceOptions): Workspace {
  const parts = workspaceParts(options);
  return isS3(parts.place) ? remoteWorkspace(parts.place, parts) : localWorkspace(parts.place, parts);
}

function localWorkspace(path: string, parts: WorkspaceParts): Workspace {
  const clusters = join(path, 'clusters');
  const files = new Files({ ...parts, root: clusters });
  const localCluster = (name: string): ClusterFolder => {
    const blobs = new LocalBlobs(join(clusters, safeName('cluster', name)), {
      ...parts,
      files,
      busy: (lock, holder) => busyError(name, `remove ${lock}`, holder, parts.process, parts.clock.now()),
    });
    return new StoredCluster(
      name,
      {
        store: blobs,
        isLocal: true,
        where: (key) => blobs.path(key),
        breakLock: `remove ${blobs.path('lock')}`,
        clear: () => blobs.clear(),
        sweep: (olderThan) => blobs.sweep(olderThan),
      },
      parts,
    );
  };
  const folders = new Map<string, ClusterFolder>();
  return {
    path,
    country: () => Promise.resolve('here'),
    async clusterNames() {
      refuseMoved(path);
      await files.tighten(path);
      const names: string[] = [];
      for (const name of await files.list(clusters))
        if (!name.startsWith('.') && (await exists(join(clusters, name, 'record.json')))) names.push(name);
      return names;
    },
    cluster(name) {
      if (folders.size === 0) refuseMoved(path);
      const folder = folders.get(name) ?? localCluster(name);
      folders.set(name, folder);
      return folder;
    },
    backups: async (to, mode) => {
      refuseMoved(path);
      return (await import('./backups/open.js')).openBackups(path, to, parts, mode);
    },
    stateFolder: (provider) => join(path, 'state', safeName('provider', provider)),
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false;
    throw fileError(error, 'read', path);
  }
}
