import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf } from '../../../errors/index.js';
import { readSmall } from '../../../files/read-small.js';
import type { BundleNeeds } from '../../bundles.js';
import { elfArchitecture } from './elf.js';
import {
  architecturesOf,
  badBundle,
  type Bundle,
  type BundleFile,
  type BundleProblem,
  isImageArchive,
  manifestName,
  readBundle,
  releaseProgram,
} from './manifest.js';
import { fileSha256, parseSums } from './sums.js';

/**
 * Reads every file of a bundle and compares it with the manifest and with the release's sums; changes nothing.
 * @returns the bundle, sound.
 * @throws UsageError code BAD_BUNDLE with every problem there is
 */
export async function verifyBundle(folder: string, needs: BundleNeeds, signal: AbortSignal): Promise<Bundle> {
  const bundle = await readBundle(folder);
  const problems = [...asked(bundle, needs), ...(await inFiles(bundle, signal)), ...(await orphaned(bundle))];
  if (problems.length === 0) return bundle;
  throw badBundle(folder, problems, remedy(bundle, needs));
}

function remedy({ folder, version }: Bundle, needs: BundleNeeds): string {
  const flags = (needs.architectures ?? []).map((arch) => ` --arch ${arch}`).join('');
  return `Make it anew; what is right stays: slipway bundle create --k3s-version ${needs.version ?? version}${flags} --out ${folder}`;
}

function asked(bundle: Bundle, needs: BundleNeeds): BundleProblem[] {
  const has = architecturesOf(bundle);
  const lacks = (needs.architectures ?? []).filter((arch) => !has.includes(arch));
  return [
    ...(needs.version !== undefined && needs.version !== bundle.version
      ? [{ file: '', what: `it holds k3s ${bundle.version}, and ${needs.version} is asked for` }]
      : []),
    ...(has.length === 0 ? [{ file: '', what: 'it holds no k3s program' }] : []),
    ...lacks.map((arch) => ({ file: '', what: `it holds no k3s program for ${arch} machines` })),
  ];
}

async function inFiles(bundle: Bundle, signal: AbortSignal): Promise<BundleProblem[]> {
  const problems: BundleProblem[] = [];
  const say = (file: BundleFile, what: string): void => void problems.push({ file: file.name, what });
  const names = new Set<string>();
  for (const file of bundle.files) {
    if (names.has(file.name)) say(file, `is listed twice in ${manifestName}`);
    names.add(file.name);
    const path = join(bundle.folder, file.name);
    try {
      const { size } = await stat(path);
      if (size !== file.bytes) say(file, `has ${size} bytes where ${file.bytes} are expected`);
      else {
        const sum = await fileSha256(path, signal);
        if (sum !== file.sha256) say(file, `has SHA-256 ${sum} where ${file.sha256} is expected`);
      }
      if (file.kind === 'program') await checkProgram(bundle, file, path, say);
      if (file.kind === 'images' && !isImageArchive(file.name)) say(file, 'is no image archive by its name');
      if (file.kind === 'sums') checkSums(bundle, file, await readSmall(path), say);
    } catch (error) {
      signal.throwIfAborted();
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      say(file, missing ? 'is missing' : `cannot be read (${messageOf(error)})`);
    }
  }
  return problems;
}

type Say = (file: BundleFile, what: string) => void;

async function checkProgram(bundle: Bundle, file: BundleFile, path: string, say: Say): Promise<void> {
  const found = await elfArchitecture(path);
  if (found === 'none') say(file, 'is no program for Linux');
  else if (found !== file.arch) {
    const is = found === 'other' ? 'another architecture' : found;
    say(file, `is a program for ${is}, not for ${file.arch ?? 'the one it is listed for'}`);
  }
  if (file.arch !== undefined && file.name !== releaseProgram(file.arch))
    say(file, `is to be called ${releaseProgram(file.arch)}`);
}

/** The release's own sums, beside ours: they are what ties a program to its version. */
function checkSums(bundle: Bundle, sumFile: BundleFile, text: string, say: Say): void {
  const sums = parseSums(text);
  for (const file of bundle.files) {
    const expected = sums.get(file.name);
    const fitting = file.arch === sumFile.arch;
    if (fitting && file.kind === 'program' && expected === undefined) say(sumFile, `has no line for ${file.name}`);
    if (fitting && expected !== undefined && expected !== file.sha256)
      say(file, `is not the one of ${bundle.version}: ${sumFile.name} has another SHA-256`);
  }
}

/** An archive that somebody only dropped into the folder would quietly stay there. */
async function orphaned(bundle: Bundle): Promise<BundleProblem[]> {
  const known = new Set(bundle.files.map(({ name }) => name));
  const found = await readdir(bundle.folder);
  return found
    .filter((name) => !known.has(name) && isImageArchive(name))
    .map((name) => ({
      file: name,
      what: `is not listed in ${manifestName}, so it would not be used: add it with --images`,
    }));
}
