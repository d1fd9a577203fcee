import { join } from 'node:path';

import { z } from 'zod';

import { messageOf, UsageError } from '../../../errors/index.js';
import { readSmall } from '../../../files/read-small.js';
import type { Architecture } from '../../bundles.js';

const architectures = ['amd64', 'arm64'] as const satisfies readonly Architecture[];

export const manifestName = 'bundle.json';
export const registriesName = 'registries.yaml';
/** What k3s is called on a host, and what a host task takes for the program. */
export const programName = 'k3s';

/** Archives that k3s imports at its start, by how their names end. */
const imageArchive = /\.(tar|tar\.gz|tgz|tar\.zst|tzst|tar\.bz2|tbz|tar\.lz4)$/;
/** A plain file name: it becomes one on the host, and a word in a line. */
const plainName = /^[A-Za-z0-9_+-][A-Za-z0-9._+-]*$/;

const fileSchema = z.strictObject({
  name: z.string().regex(plainName),
  kind: z.enum(['program', 'images', 'sums', 'image-list', 'registries']),
  /** Absent: for machines of any architecture. */
  arch: z.enum(architectures).optional(),
  /** Hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(0),
});

export const manifestSchema = z.strictObject({
  kind: z.literal('SlipwayBundle'),
  format: z.literal(1),
  version: z.string().min(1),
  /** `release`: the program is what the release's own sums say; `local`: it was given as a file. */
  source: z.enum(['release', 'local']),
  /** ISO 8601. */
  createdAt: z.string(),
  files: z.array(fileSchema),
});

export type BundleManifest = z.output<typeof manifestSchema>;
export type BundleFile = BundleManifest['files'][number];

/** A bundle as its manifest tells it; whether its files are so, `verifyBundle` finds out. */
export interface Bundle extends BundleManifest {
  /** Absolute path. */
  readonly folder: string;
}

/** How the release calls the program. */
export const releaseProgram = (arch: Architecture): string => (arch === 'amd64' ? 'k3s' : `k3s-${arch}`);
export const releaseSums = (arch: Architecture): string => `sha256sum-${arch}.txt`;
export const releaseImages = (arch: Architecture): string => `k3s-airgap-images-${arch}.tar.zst`;
export const releaseImageList = 'k3s-images.txt';

export const isImageArchive = (name: string): boolean => imageArchive.test(name) && plainName.test(name);

export interface BundleProblem {
  /** Which file is wrong; empty: the bundle as a whole. */
  readonly file: string;
  readonly what: string;
}

/** @returns an error that names every problem, code BAD_BUNDLE */
export function badBundle(folder: string, problems: readonly BundleProblem[], hint: string): UsageError {
  const lines = problems.map(({ file, what }) => (file === '' ? what : `${file}: ${what}`));
  const single = lines.length === 1 ? `: ${lines[0]!}` : ` in ${lines.length} ways`;
  return new UsageError(`The bundle ${folder} cannot be used${single}.`, {
    code: 'BAD_BUNDLE',
    hint,
    details: lines.length === 1 ? [] : lines,
  });
}

/** @throws UsageError code BAD_BUNDLE when there is no readable manifest. */
export async function readBundle(folder: string): Promise<Bundle> {
  const hint = 'Make it with: slipway bundle create --k3s-version V --out FOLDER';
  const bad = (what: string): UsageError => badBundle(folder, [{ file: manifestName, what }], hint);
  let text: string;
  try {
    text = await readSmall(join(folder, manifestName));
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code));
    throw bad(missing ? 'is missing' : `cannot be read (${messageOf(error)})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad('is no JSON; its writing may have been cut off');
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return { ...parsed.data, folder };
  const newer = z.object({ format: z.number().min(2) }).safeParse(value).success;
  const [issue] = parsed.error.issues;
  throw bad(
    newer ? 'is of a newer Slipway' : `is not in order at ${issue!.path.join('.') || 'its top'}: ${issue!.message}`,
  );
}

/** The files a host of this architecture gets: program, image archives. Registries go another way. */
export function filesFor(
  { files }: Pick<Bundle, 'files'>,
  arch: Architecture,
): { readonly program: BundleFile | undefined; readonly images: readonly BundleFile[] } {
  const fitting = files.filter((file) => file.arch === undefined || file.arch === arch);
  return {
    program: fitting.find(({ kind }) => kind === 'program'),
    images: fitting.filter(({ kind }) => kind === 'images'),
  };
}

/** Architectures a bundle has a program for. */
export const architecturesOf = ({ files }: Pick<Bundle, 'files'>): readonly Architecture[] =>
  architectures.filter((arch) => files.some((file) => file.kind === 'program' && file.arch === arch));
