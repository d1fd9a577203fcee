import type { Uncovered } from './coverage.js';

/** A stream of NATS, as backups look at it. */
export interface StreamChoice {
  readonly name: string;
  readonly storage: 'file' | 'memory';
}

/** Whether one of the names means this stream; in them `*` stands for anything. */
export const isNamed = (stream: string, names: readonly string[]): boolean =>
  names.some((name) => new RegExp(`^${name.replaceAll('*', '.*')}$`).test(stream));

/** Which streams to copy, and which are in no backup: those in memory never are. */
export function chooseStreams<T extends StreamChoice>(
  streams: readonly T[],
  names: readonly string[],
): { readonly chosen: readonly T[]; readonly uncovered: readonly Uncovered[] } {
  const chosen = streams.filter(({ name, storage }) => storage === 'file' && isNamed(name, names));
  const uncovered = streams
    .filter((stream) => !chosen.includes(stream))
    .map(({ name, storage }): Uncovered => ({
      kind: 'stream',
      name,
      why:
        storage === 'memory'
          ? 'kept in memory, of which NATS makes no copies'
          : 'not among backup.streams in the cluster file',
    }));
  return { chosen, uncovered };
}
