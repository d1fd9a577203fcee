import type { ExitCode } from '../exit-codes.js';

/** What the page of error codes says of one. */
export interface ErrorEntry {
  /** What happened, as a sentence. */
  readonly meaning: string;
  /** Exit codes it can come with; more than one where it is found in several situations. */
  readonly exits: readonly ExitCode[];
  /** What to do, as sentences. */
  readonly remedy: string;
}

/** Keeps the codes of a group as types. */
export const entries = <Code extends string>(
  group: Readonly<Record<Code, readonly [exits: ExitCode | readonly ExitCode[], meaning: string, remedy: string]>>,
): Readonly<Record<Code, ErrorEntry>> => {
  const all = Object.entries<(typeof group)[Code]>(group).map(([code, [exits, meaning, remedy]]) => [
    code,
    { meaning, exits: typeof exits === 'number' ? [exits] : exits, remedy } satisfies ErrorEntry,
  ]);
  return Object.fromEntries(all) as Record<Code, ErrorEntry>;
};
