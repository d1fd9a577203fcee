import { mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Clock } from '../domain/clock.js';
import { RefusedError, SlipwayError, UsageError } from '../errors/index.js';
import { errorCode, fileError } from './file-errors.js';
import { mergeKubeconfig, refuseTakenNames, removeFromKubeconfig } from './kubeconfig-merge.js';
import type { KubeconfigPaths } from './paths.js';

/** Milliseconds to wait for a kubectl that changes the same file. */
const lockDeadlineMs = 5_000;

/**
 * Merges a cluster's kubeconfig into the first of the user's files, made 0600 where there is none.
 * @throws RefusedError code KUBECONFIG_NAME_TAKEN when entries of the same names are somebody else's, in any of the files
 */
export async function mergeIntoUserKubeconfig(
  [first, ...others]: KubeconfigPaths,
  name: string,
  cluster: string,
  clock: Clock,
): Promise<void> {
  for (const path of others) await checkFile(path, name, cluster);
  await change(first, clock, (text) => mergeKubeconfig(text, cluster));
}

/**
 * Refuses what merging would refuse; changes nothing.
 * @param cluster the cluster's kubeconfig, undefined while it has none
 * @throws RefusedError code KUBECONFIG_NAME_TAKEN
 */
export async function checkUserKubeconfig(
  paths: KubeconfigPaths,
  name: string,
  cluster: string | undefined,
): Promise<void> {
  for (const path of paths) await checkFile(path, name, cluster);
}

async function checkFile(path: string, name: string, cluster: string | undefined): Promise<void> {
  const text = await readFile(path, 'utf8').catch(missing(undefined));
  try {
    if (cluster === undefined) refuseTakenNames(text, name);
    else mergeKubeconfig(text, cluster);
  } catch (error) {
    throw namingFile(error, path);
  }
}

/** Takes the cluster's entries out of the user's files again; no file is success. */
export async function removeFromUserKubeconfig(paths: KubeconfigPaths, cluster: string, clock: Clock): Promise<void> {
  for (const path of paths) {
    if ((await readFile(path, 'utf8').catch(missing(undefined))) === undefined) continue;
    await change(path, clock, (text) => (text?.trim() ? removeFromKubeconfig(text, cluster) : undefined));
  }
}

/** Which of the files it is about. */
function namingFile(error: unknown, file: string): unknown {
  if (!(error instanceof SlipwayError)) return error;
  const { message, code, hint, details } = error;
  if (code === 'KUBECONFIG_INVALID') return new UsageError(`${file}: ${message}`, { code, hint, cause: error });
  if (code !== 'KUBECONFIG_NAME_TAKEN') return error;
  return new RefusedError(message, { code, hint, details: details.map((entry) => `${file}: ${entry}`), cause: error });
}

/**
 * Changes the file as kubectl does: under `<file>.lock`, and through a link to where the file really is. What was in it
 * before the last change is kept beside it, as `<file>.slipway-backup`.
 */
async function change(
  path: string,
  clock: Clock,
  edit: (text: string | undefined) => string | undefined,
): Promise<void> {
  let file = path;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    file = await realpath(path).catch(missing(path));
    const lock = await lockFile(`${file}.lock`, clock);
    try {
      const before = await readFile(file, 'utf8').catch(missing(undefined));
      const after = edit(before);
      if (after !== undefined && after !== before) {
        if (before !== undefined) await replace(`${file}.slipway-backup`, before);
        await replace(file, after);
      }
    } finally {
      await rm(lock, { force: true });
    }
  } catch (error) {
    if (error instanceof SlipwayError) throw namingFile(error, file);
    throw fileError(error, 'write', file);
  }
}

async function replace(file: string, text: string): Promise<void> {
  const temporary = `${file}.slipway.tmp`;
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

/** @throws RefusedError code KUBECONFIG_LOCKED, naming the lock file that was in the way all the time. */
async function lockFile(path: string, clock: Clock): Promise<string> {
  const deadline = clock.monotonic() + lockDeadlineMs;
  for (;;) {
    try {
      await (await open(path, 'wx', 0o600)).close();
      return path;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    if (clock.monotonic() > deadline) {
      throw new RefusedError(`${path} is in the way: another program seems to be changing that kubeconfig.`, {
        code: 'KUBECONFIG_LOCKED',
        hint: `Wait for it, or remove ${path} when nothing uses it, then run the same command again.`,
      });
    }
    await clock.sleep(50);
  }
}

function missing<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (errorCode(error) === 'ENOENT') return instead;
    throw error;
  };
}
