import type { Uncovered } from './coverage.js';

/** A stream of NATS, as backups look at it. */
export interface StreamChoice {
  readonly name: string;
  readonly storage: 'file' | 'memory';
}

/** Whether one of the names means this stream; in them `*` stands for anything. */
export const isNamed = (stream: string, names: readonly string[]): boolean =>
  names.some((name) => new RegExp(`^${name.replaceAll('*', '.*')}$`).test(stream));

/** Which streams to copy, and which are in no backup: those in memory never are. @param why the others are not */
export function chooseStreams<T extends StreamChoice>(
  streams: readonly T[],
  names: readonly string[],
  why = 'not among backup.streams in the cluster file',
): { readonly chosen: readonly T[]; readonly uncovered: readonly Uncovered[] } {
  const chosen = streams.filter(({ name, storage }) => storage === 'file' && isNamed(name, names));
  const uncovered = streams
    .filter((stream) => !chosen.includes(stream))
    .map(({ name, storage }): Uncovered => ({
      kind: 'stream',
      name,
      why: storage === 'memory' ? 'kept in memory, of which NATS makes no copies' : why,
    }));
  return { chosen, uncovered };
}

/**
 * The configuration with which the copy of a stream is tried on a server that is alone, and has nothing else. What would keep it
 * from coming up there is left out, and so is what would take messages away before they are counted.
 */
export function configToTry(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { placement: _, mirror: __, sources: ___, republish: ____, ...rest } = config;
  return { ...rest, num_replicas: 1, max_age: 0, max_bytes: -1 };
}
