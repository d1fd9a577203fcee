import { appendFileSync, fstatSync, mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** When a finding holds, in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/**
 * What was found right once and need not be looked into again. Only ever saves work: what is kept may be lost, and whatever
 * is not found is looked into.
 */
export interface Findings {
  /** @param key names all that the finding depends on, and no secret: it is kept as it is */
  holds(key: string, at: number): boolean;
  add(key: string, span: Span): void;
}

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
      const file = openSync(path, 'r');
      try {
        const { uid, mode } = fstatSync(file);
        const isOurs = uid === process.getuid?.() && (mode & 0o022) === 0;
        return isOurs ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
      } finally {
        closeSync(file);
      }
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
