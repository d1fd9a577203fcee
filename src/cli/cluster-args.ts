import { Args, Flags } from '@oclif/core';

import { UsageError } from '../errors/index.js';

/** The cluster comes first among the arguments, unless a flag says which it is. */
export const clusterArg = Args.string({
  ignoreStdin: true,
  description: 'The cluster’s name; left out with --cluster.',
});
export const poolArg = Args.string({ ignoreStdin: true, description: 'The pool’s name.' });
export const clusterFlag = Flags.string({ char: 'c', description: 'The cluster’s name, instead of the argument.' });

interface Selection {
  readonly cluster?: string | undefined;
  readonly file?: string | undefined;
}

/** The cluster that arguments and flags name, and the arguments that remain. */
export function clusterAndNames(
  words: readonly string[],
  { cluster, file }: Selection,
): { readonly cluster: string | undefined; readonly names: readonly string[] } {
  if (cluster !== undefined || file !== undefined) return { cluster, names: words };
  return { cluster: words[0], names: words.slice(1) };
}

/**
 * As `clusterAndNames`, where a cluster must be named and exactly as many names as `subjects` follow it.
 * @throws UsageError codes NAME_MISSING, BAD_USAGE
 */
export function namedCluster<const Subjects extends readonly string[]>(
  words: readonly string[],
  selection: Selection,
  command: string,
  subjects: Subjects,
): { readonly cluster: string; readonly names: { readonly [Index in keyof Subjects]: string } } {
  const { cluster, names } = clusterAndNames(words, selection);
  const hint = `slipway ${[command, 'CLUSTER', ...subjects.map((subject) => subject.toUpperCase())].join(' ')}`;
  if (cluster === undefined)
    throw new UsageError('Which cluster? None is named.', { code: 'NAME_MISSING', hint: `Name it: ${hint}` });
  const missing = subjects.slice(names.length);
  if (missing.length > 0) {
    throw new UsageError(`Which ${missing.join(' and ')} of the cluster ${cluster}? None is named.`, {
      code: 'NAME_MISSING',
      hint: `The cluster comes first: ${hint}`,
    });
  }
  const excess = names.slice(subjects.length);
  if (excess.length > 0) {
    throw new UsageError(`${names.join(' ')} is too much: --cluster already names the cluster ${cluster}.`, {
      code: 'BAD_USAGE',
      hint: `Leave --cluster out: ${hint}`,
    });
  }
  return { cluster, names: names as { readonly [Index in keyof Subjects]: string } };
}
