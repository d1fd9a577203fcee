import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf, RefusedError, UsageError } from '../../../errors/index.js';
import { readSmall } from '../../../files/read-small.js';
import { type BundleManifest, manifestName, manifestSchema } from './manifest.js';
import { fullDisk, isFullDisk } from './release-site.js';

/**
 * The folder for a bundle, made where it is missing. What an earlier bundle in it had and the new one has not is
 * removed; files of others stop us.
 * @param names all files the bundle will have
 * @throws RefusedError code NOT_A_BUNDLE; UsageError code BUNDLE_FOLDER
 */
export async function prepareFolder(folder: string, names: ReadonlySet<string>): Promise<void> {
  let found: string[];
  try {
    await mkdir(folder, { recursive: true });
    found = await readdir(folder);
  } catch (error) {
    throw new UsageError(`${folder} cannot be used as a folder: ${messageOf(error)}.`, {
      code: 'BUNDLE_FOLDER',
      hint: 'Name a folder that may be made or written to.',
      cause: error,
    });
  }
  const ours = (name: string): boolean => names.has(name) || names.has(name.replace(/\.part$/, ''));
  const former = await formerFiles(folder);
  const unknown = found.filter((name) => name !== manifestName && !ours(name) && !former?.has(name));
  if (former === undefined && unknown.length > 0) {
    throw new RefusedError(`${folder} holds other things than a bundle: ${unknown.slice(0, 3).join(', ')}.`, {
      code: 'NOT_A_BUNDLE',
      hint: 'Name an empty folder, or one that does not exist.',
    });
  }
  // The manifest goes first and comes last: what has one is whole.
  await rm(join(folder, manifestName), { force: true });
  for (const name of former ?? []) if (!names.has(name)) await rm(join(folder, name), { force: true });
}

/** Names that a manifest in the folder lists; undefined when there is none to be read. */
async function formerFiles(folder: string): Promise<ReadonlySet<string> | undefined> {
  try {
    const value: unknown = JSON.parse(await readSmall(join(folder, manifestName)));
    return new Set(manifestSchema.parse(value).files.map(({ name }) => name));
  } catch {
    return undefined;
  }
}

/** Writes a small file whole or not at all. */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  try {
    await writeFile(`${path}.part`, text, { mode });
    await rename(`${path}.part`, path);
  } catch (error) {
    await rm(`${path}.part`, { force: true });
    if (isFullDisk(error)) throw fullDisk(path, error);
    throw error;
  }
}

export async function writeManifest(folder: string, manifest: BundleManifest): Promise<void> {
  await writeWhole(join(folder, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`);
}
