import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { openBoundary, type Boundary } from '../domain/boundary.js';
import type { Clock, Random } from '../domain/clock.js';
import { StoredCluster, type ClusterContext } from './cluster-folder.js';
import { busyError } from './cluster-lock.js';
import { errorCode, fileError } from './file-errors.js';
import { Files } from './files.js';
import { safeName, workspacePath, type Environment } from './paths.js';
import { systemProcesses, thisProcess, type ProcessInfo, type ProcessTable } from './processes.js';
import { environmentSecrets } from './redact.js';
import { KeyedMutex } from './keyed-mutex.js';
import { LocalBlobs } from './local-blobs.js';
import type { ClusterFolder, KeyPair, Workspace } from './types.js';

export interface WorkspaceOptions {
  /** Default: `workspacePath`. */
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
  /** Told of what was mended by itself, such as permissions. Default: nobody. */
  readonly warn?: (text: string) => void;
}

/**
 * Opens the workspace; makes nothing until something is written. Folders are 0700 and files 0600.
 * @throws UsageError from any use: WORKSPACE_UNWRITABLE, WORKSPACE_NOT_A_FOLDER, WORKSPACE_CORRUPT, RECORD_TOO_NEW.
 * @throws IncompleteError from any write: WORKSPACE_FULL.
 */
export function openWorkspace(options: WorkspaceOptions): Workspace {
  const path = resolve(options.path ?? workspacePath(options.env, options.env['HOME'] ?? homedir(), process.platform));
  const clusters = join(path, 'clusters');
  const { random, warn = () => {} } = options;
  const files = new Files({ root: clusters, boundary: options.boundary, random, warn });
  const context: ClusterContext = {
    clock: options.clock,
    random,
    process: options.process ?? thisProcess(),
    processes: options.processes ?? systemProcesses,
    generateKeyPair: options.generateKeyPair,
    warn,
    secrets: new Set(environmentSecrets(options.env)),
  };
  const quietFiles = new Files({ root: clusters, boundary: openBoundary, random, warn, durable: false });
  const turns = new KeyedMutex();
  const localCluster = (name: string): ClusterFolder => {
    const blobs = new LocalBlobs(join(clusters, safeName('cluster', name)), {
      ...context,
      files,
      quietFiles,
      turns,
      busy: (path, holder) => busyError(name, path, holder, context.process, context.clock.now()),
    });
    return new StoredCluster(
      name,
      {
        store: blobs,
        where: (key) => blobs.path(key),
        clear: () => blobs.clear(),
        sweep: (olderThan) => blobs.sweep(olderThan),
      },
      context,
    );
  };
  const folders = new Map<string, ClusterFolder>();
  return {
    path,
    async clusterNames() {
      await files.tighten(path);
      const names: string[] = [];
      for (const name of await files.list(clusters))
        if (!name.startsWith('.') && (await exists(join(clusters, name, 'record.json')))) names.push(name);
      return names;
    },
    cluster(name) {
      const folder = folders.get(name) ?? localCluster(name);
      folders.set(name, folder);
      return folder;
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
