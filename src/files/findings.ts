import { appendFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import type { Findings, Span } from '../domain/findings.js';
import { readSmallSync } from './read-small.js';

/** Lines of a file before the older half goes. */
const linesAtMost = 400;

/**
 * Findings in a file of the user's alone, read when first asked. A file that others own or may write is none; one that cannot
 * be written takes nothing, and no error is told.
 */
export function findingsIn(path: string): Findings {
  let known: Map<string, Span> | undefined;
  const read = (): Map<string, Span> => (known ??= new Map(linesOf(path).flatMap(parsed)));
  return {
    holds: (key, at) => {
      const span = read().get(key);
      return span !== undefined && span.from <= at && at <= span.until;
    },
    add: (key, span) => {
      read().set(key, span);
      unlessRefused(() => append(path, `${key} ${span.from} ${span.until}\n`));
    },
  };
}

function append(path: string, line: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lines = linesOf(path);
  // Where nothing of ours is, or too much, it is written anew.
  if (lines.length === 0 || lines.length >= linesAtMost) {
    const kept = lines.slice(-linesAtMost / 2).map((one) => `${one}\n`);
    writeFileSync(path, `${kept.join('')}${line}`, { mode: 0o600 });
  } else appendFileSync(path, line);
}

function linesOf(path: string): string[] {
  return (
    unlessRefused(() => {
      const { uid, mode } = statSync(path);
      const isOurs = uid === process.getuid?.() && (mode & 0o022) === 0;
      return isOurs ? readSmallSync(path).toString('utf8').split('\n').filter(Boolean) : [];
    }) ?? []
  );
}

function parsed(line: string): [string, Span][] {
  const [, key, from, until] = /^(\S+) (\d+) (\d+)$/.exec(line) ?? [];
  return key === undefined ? [] : [[key, { from: Number(from), until: Number(until) }]];
}

function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
