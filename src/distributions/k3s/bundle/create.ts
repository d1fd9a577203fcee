import { createHash } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';

import { parseDocument } from 'yaml';

import type { Clock } from '../../../domain/clock.js';
import type { Step } from '../../../engine/index.js';
import { messageOf, UsageError } from '../../../errors/index.js';
import { readSmall } from '../../../files/read-small.js';
import type { BundlePlan, BundleRequest } from '../../bundles.js';
import { elfArchitecture } from './elf.js';
import { prepareFolder, writeManifest, writeWhole } from './folder.js';
import { badBundle, type Bundle, type BundleFile, releaseSums } from './manifest.js';
import { obtain } from './obtain.js';
import { type Ingredient, ingredients } from './recipe.js';
import { parseSums, sumsText } from './sums.js';
import { verifyBundle } from './verify.js';
import { bundleView } from './view.js';

const phase = 'Make the bundle';

/**
 * What makes a folder from which machines get k3s, or makes one what is asked for now; files that are right already stay.
 * @throws UsageError codes BUNDLE_FLAGS, BUNDLE_SOURCE, BAD_BUNDLE; RefusedError code NOT_A_BUNDLE
 */
export async function planBundle(request: BundleRequest, clock: Clock): Promise<BundlePlan> {
  const desired = ingredients(request);
  const { out } = request;
  await checkSources(request, desired);
  const ownSums = request.binary === undefined ? [] : request.architectures.map(releaseSums);
  await prepareFolder(out, new Set([...desired.map(({ name }) => name), ...ownSums]));

  const fetches = new Map<string, Step<BundleFile>>();
  for (const ingredient of desired) {
    const sums = ingredient.sums === undefined ? undefined : fetches.get(ingredient.sums)!;
    fetches.set(ingredient.name, fetchStep(clock, out, ingredient, sums));
  }
  let made: Bundle | undefined;
  const finish: Step = {
    id: 'manifest',
    phase,
    target: out,
    text: 'write bundle.json and read everything back',
    needs: [...fetches.values()],
    apply: async (run) => {
      const files = [...fetches.values()].map((step) => run.output(step));
      for (const file of ownSums) files.push(await writeOwnSums(out, file, files));
      await writeManifest(out, {
        kind: 'SlipwayBundle',
        format: 1,
        version: request.version,
        source: request.binary === undefined ? 'release' : 'local',
        createdAt: new Date(clock.now()).toISOString(),
        files,
      });
      made = await verifyBundle(out, request, run.signal);
    },
  };
  return { steps: [...fetches.values(), finish], made: () => bundleView(made!) };
}

/** A release's sum file has a few dozen lines. */
const sumsAtMost = 2 ** 20;

function fetchStep(
  clock: Clock,
  out: string,
  { name, kind, arch, source, mode }: Ingredient,
  sums: Step<BundleFile> | undefined,
): Step<BundleFile> {
  return {
    id: `file:${name}`,
    phase,
    target: name,
    text: source.from === 'site' ? `download ${source.url}` : `copy ${source.path}`,
    needs: sums ? [sums] : [],
    limits: ['bundle'],
    apply: async (run) => {
      const expected = sums && (await sumFrom(join(out, run.output(sums).name), name));
      const { sha256, bytes, changed } = await obtain(
        source,
        join(out, name),
        { expected, mode: mode ?? (kind === 'program' ? 0o755 : 0o644) },
        {
          clock,
          signal: run.signal,
          progress: (text) => run.progress(text),
          // Read whole later.
          ...(kind === 'sums' ? { bytesAtMost: sumsAtMost } : {}),
        },
      );
      if (!changed) run.progress('is there already');
      return { name, kind, ...(arch === undefined ? {} : { arch }), sha256, bytes };
    },
  };
}

/** @throws UsageError code BAD_BUNDLE when the sum file does not know the file. */
async function sumFrom(path: string, name: string): Promise<string> {
  const sum = parseSums(await readSmall(path)).get(name);
  if (sum !== undefined) return sum;
  throw new UsageError(`${path} has no line for ${name}, so that it could not be checked.`, {
    code: 'CHECKSUM_MISMATCH',
    hint: 'Take the sum file of the very release the other files are of.',
  });
}

/** Sums in the release's form for a program that was given as a file. */
async function writeOwnSums(out: string, name: string, files: readonly BundleFile[]): Promise<BundleFile> {
  const listed = files.filter(({ kind }) => kind === 'program' || kind === 'images');
  const text = sumsText(new Map(listed.map((file) => [file.name, file.sha256])));
  await writeWhole(join(out, name), text);
  const { arch } = files.find(({ kind }) => kind === 'program')!;
  return {
    name,
    kind: 'sums',
    ...(arch === undefined ? {} : { arch }),
    sha256: createHash('sha256').update(text).digest('hex'),
    bytes: Buffer.byteLength(text),
  };
}

/** What can be known wrong of local files before anything is written. */
async function checkSources(
  { binary, architectures, out }: BundleRequest,
  files: readonly Ingredient[],
): Promise<void> {
  for (const { source, kind } of files) {
    if (source.from !== 'file') continue;
    try {
      await access(source.path, constants.R_OK);
      if (kind === 'registries') checkRegistries(source.path, await readSmall(source.path));
      else if (source.path === binary) {
        const found = await elfArchitecture(source.path);
        if (found === architectures[0]) continue;
        const is =
          found === 'none' ? 'no program for Linux' : found === 'other' ? 'of another architecture' : `for ${found}`;
        throw badBundle(
          out,
          [{ file: source.path, what: `is ${is}` }],
          `A k3s program for ${architectures[0]} is needed.`,
        );
      }
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`${source.path} cannot be read: ${messageOf(error)}.`, {
        code: 'BUNDLE_SOURCE',
        hint: 'Check the path.',
        cause: error,
      });
    }
  }
}

/** k3s would only log that it cannot read it, and pull from the internet. */
function checkRegistries(path: string, text: string): void {
  const document = parseDocument(text);
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS();
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const unknown = isMap ? Object.keys(value).filter((key) => key !== 'mirrors' && key !== 'configs') : [];
  if (isMap && unknown.length === 0) return;
  throw new UsageError(
    `${path} is no registries.yaml of k3s${unknown.length > 0 ? `: it has ${unknown.join(', ')}` : ''}.`,
    {
      code: 'BUNDLE_SOURCE',
      hint: 'It has the keys `mirrors` and `configs`, as the documentation of k3s describes them.',
    },
  );
}
