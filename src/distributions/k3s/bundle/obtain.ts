import { constants } from 'node:fs';
import { chmod, copyFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { Clock } from '../../../domain/clock.js';
import { messageOf, UsageError } from '../../../errors/index.js';
import { releaseUrl } from '../host/release.js';
import { download, fullDisk, isFullDisk } from './release-site.js';
import { fileSha256 } from './sums.js';

/** Where a file comes from. */
export type Source = { readonly from: 'site'; readonly url: string } | { readonly from: 'file'; readonly path: string };

export interface ObtainOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress?: ((text: string) => void) | undefined;
  /** Bytes that a file from a site can have at most. */
  readonly bytesAtMost?: number;
}

export interface Obtained {
  readonly sha256: string;
  readonly bytes: number;
  /** False when the very file was there already. */
  readonly changed: boolean;
}

/** The file of that name on a release site, or in a folder it was downloaded to. */
export function releaseFile(
  name: string,
  version: string,
  { releases, folder }: { readonly releases?: string | undefined; readonly folder?: string | undefined },
): Source {
  return folder === undefined
    ? { from: 'site', url: `${releaseUrl(version, releases)}/${name}` }
    : { from: 'file', path: join(folder, name) };
}

/**
 * Brings a file to its place, whole or not at all. One that is there with the expected sum stays.
 * @param expected hex SHA-256; undefined: whatever the source has
 * @throws UsageError codes BUNDLE_SOURCE (a local file is missing or unreadable), CHECKSUM_MISMATCH, NO_SUCH_RELEASE;
 * IncompleteError codes DOWNLOAD_FAILED, DISK_FULL
 */
export async function obtain(
  source: Source,
  place: string,
  { expected, mode = 0o644 }: { readonly expected?: string | undefined; readonly mode?: number },
  options: ObtainOptions,
): Promise<Obtained> {
  const { signal } = options;
  const desired = expected ?? (source.from === 'file' ? await sumOfSource(source.path, signal) : undefined);
  if (desired !== undefined && (await sumOfOurs(place, signal)) === desired) {
    await chmod(place, mode);
    return { sha256: desired, bytes: (await stat(place)).size, changed: false };
  }
  const part = `${place}.part`;
  try {
    await rm(part, { force: true });
    if (source.from === 'site') await download(source.url, part, options);
    else await copy(source.path, part);
    const sha256 = await fileSha256(part, signal);
    if (desired !== undefined && sha256 !== desired) {
      throw new UsageError(`${nameOf(source)} has SHA-256 ${sha256} where ${desired} is expected.`, {
        code: 'CHECKSUM_MISMATCH',
        hint: 'Get it again. If it stays so, the place it comes from cannot be trusted.',
      });
    }
    await chmod(part, mode);
    await rename(part, place);
    return { sha256, bytes: (await stat(place)).size, changed: true };
  } finally {
    await rm(part, { force: true });
  }
}

async function copy(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    if (isFullDisk(error)) throw fullDisk(to, error);
    throw error;
  }
}

const nameOf = (source: Source): string => (source.from === 'site' ? source.url : source.path);

async function sumOfSource(path: string, signal: AbortSignal): Promise<string> {
  try {
    return await fileSha256(path, signal);
  } catch (error) {
    signal.throwIfAborted();
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new UsageError(`${path} ${missing ? 'does not exist' : `cannot be read (${messageOf(error)})`}.`, {
      code: 'BUNDLE_SOURCE',
      hint: `Name the file that is to become ${basename(path)} of the bundle.`,
      cause: error,
    });
  }
}

async function sumOfOurs(path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await fileSha256(path, signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
