import { mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Clock } from '../domain/clock.js';
import { RefusedError, SlipwayError, UsageError } from '../errors/index.js';
import { errorCode, fileError } from './file-errors.js';
import {
  contextsIn,
  makeCurrent,
  mergeKubeconfig,
  refuseTakenNames,
  removeFromKubeconfig,
  type KubeconfigContexts,
} from './kubeconfig-merge.js';
import type { KubeconfigPaths } from './paths.js';

/** Milliseconds to wait for a kubectl that changes the same file. */
const lockDeadlineMs = 5_000;
/** Far more than thousands of clusters take. */
const bytesAtMost = 16 * 2 ** 20;

/**
 * Merges a cluster's kubeconfig into that of the user's files that has its entries, else into the first, made 0600 where
 * there is none. Its context becomes the current one by the file whose choice counts, and what other files have of it
 * leaves them: kubectl takes a name from the first file that has it.
 * @returns the file that has the entries now
 * @throws RefusedError code KUBECONFIG_NAME_TAKEN when entries of the same names are somebody else's, in any of the files
 */
export async function mergeIntoUserKubeconfig(
  paths: KubeconfigPaths,
  name: string,
  cluster: string,
  clock: Clock,
): Promise<string> {
  for (const path of paths) await checkFile(path, name, cluster);
  const files = await look(paths, cluster);
  const target = files.find(({ contexts }) => contexts.ours.size > 0)?.path ?? paths[0];
  if (await isDevice(target)) throw notAFile(target);
  await change(target, clock, (text) => mergeKubeconfig(text, cluster));
  for (const { path, contexts } of files)
    if (path !== target && contexts.ours.size > 0)
      await change(path, clock, (text) => text && removeFromKubeconfig(text, cluster, new Set()));
  const before = paths.slice(0, paths.indexOf(target));
  const choosing = files.find(({ path, contexts }) => before.includes(path) && contexts.current !== undefined);
  if (choosing) await change(choosing.path, clock, (text) => text && makeCurrent(text, cluster));
  return target;
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
  const text = await read(path);
  try {
    if (cluster === undefined) refuseTakenNames(text, name);
    else mergeKubeconfig(text, cluster);
  } catch (error) {
    throw namingFile(error, path);
  }
}

/**
 * Takes the cluster's entries out of the user's files again, and its contexts out of their `current-context`, which may
 * stand in another file than the entries. No file is success.
 */
export async function removeFromUserKubeconfig(paths: KubeconfigPaths, cluster: string, clock: Clock): Promise<void> {
  const files = await look(paths, cluster);
  // A name means the context of the first file that has it: only where that one was ours does the name lose its meaning.
  const gone = new Set(
    files.flatMap(({ contexts }, index) =>
      [...contexts.ours].filter((name) => !files.slice(0, index).some((earlier) => earlier.contexts.all.has(name))),
    ),
  );
  // Files with entries come last: a run that was stopped in between finds by them what else is to be cleared.
  const order = [...files].sort((left, right) => left.contexts.ours.size - right.contexts.ours.size);
  for (const { path } of order)
    await change(path, clock, (text) => (text?.trim() ? removeFromKubeconfig(text, cluster, gone) : undefined));
}

/** What each of the files that are there says of contexts. */
async function look(
  paths: KubeconfigPaths,
  cluster: string,
): Promise<readonly { readonly path: string; readonly contexts: KubeconfigContexts }[]> {
  const files = [];
  for (const path of paths) {
    const text = await read(path);
    if (text === undefined) continue;
    try {
      files.push({ path, contexts: contextsIn(text, cluster) });
    } catch (error) {
      throw namingFile(error, path);
    }
  }
  return files;
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
      const before = await read(file);
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

/**
 * The text of a file; undefined where there is none. `/dev/null`, by which people say that they have no kubeconfig, and
 * what a shell hands over as a pipe hold nothing of ours, and are not read.
 * @throws UsageError code KUBECONFIG_INVALID for a folder and for what is larger than any kubeconfig
 */
async function read(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw notAFile(path);
    if (!found.isFile()) return undefined;
    if (found.size > bytesAtMost) throw invalid(`${path} is larger than ${bytesAtMost / 2 ** 20} MiB.`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw fileError(error, 'read', path);
  }
}

/** Whether something is there that is no file: writing would put one in its place. */
const isDevice = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(missing(undefined));
  return found !== undefined && !found.isFile();
};

const notAFile = (path: string): UsageError => invalid(`${path} is not a file.`);

const invalid = (problem: string): UsageError =>
  new UsageError(problem, {
    code: 'KUBECONFIG_INVALID',
    hint: 'Name a kubeconfig of yours in KUBECONFIG, or unset it for ~/.kube/config; then run the same command again.',
  });

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
