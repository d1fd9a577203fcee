import type { Clock } from '../domain/clock.js';
import { type ErrorCode, IncompleteError, messageOf } from '../errors/index.js';
import { kubeFailure } from './failures.js';
import { describeTrouble, type Feed, isHopeless } from './feed.js';
import type { UntilOptions } from './types.js';

export interface FeedWait<T> {
  /** `web-1 to be Ready` */
  readonly what: string;
  readonly code: ErrorCode;
  readonly feeds: readonly Feed<unknown>[];
  /** Whether a change of this key in one of the feeds is worth a look. */
  readonly concerns?: (key: string) => boolean;
  /** Called once all feeds are read, and at every change. Undefined: not yet. What it throws ends the wait. */
  check(say: (seen: string) => void): T | undefined;
}

/**
 * Waits until what feeds know is as wished. Costs no request of its own.
 * @throws IncompleteError with the wait's code at the deadline; what `check` throws; the signal's reason; an
 * IncompleteError at once where credentials are refused.
 */
export async function waitOnFeeds<T>(clock: Clock, wait: FeedWait<T>, options: UntilOptions): Promise<T> {
  const { feeds, what } = wait;
  const { signal, deadlineMs, progress } = options;
  signal.throwIfAborted();
  const over = new AbortController();
  let seen = 'nothing yet';
  let said: string | undefined;
  const say = (text: string): void => {
    seen = text;
    const trouble = troubleOf(feeds);
    const line = trouble === undefined ? text : `${text} (the API does not answer: ${describeTrouble(trouble)})`;
    if (line !== said) progress?.(line);
    said = line;
  };
  return new Promise<T>((resolve, reject) => {
    const end = (settle: () => void): void => {
      over.abort();
      signal.removeEventListener('abort', interrupted);
      for (const feed of feeds) feed.unlisten(changed);
      settle();
    };
    const fail = (error: unknown): void =>
      end(() => reject(error instanceof Error ? error : new Error(messageOf(error))));
    const interrupted = (): void => fail(signal.reason);
    const look = (): void => {
      const trouble = troubleOf(feeds);
      if (isHopeless(trouble)) return fail(kubeFailure(trouble, `waiting for ${what}`));
      if (!feeds.every((feed) => feed.synced)) return trouble === undefined ? undefined : say(seen);
      try {
        const found = wait.check(say);
        if (found !== undefined) end(() => resolve(found));
      } catch (error) {
        fail(error);
      }
    };
    const changed = (key: string | undefined): void => {
      if (key === undefined || (wait.concerns?.(key) ?? true)) look();
    };
    signal.addEventListener('abort', interrupted);
    for (const feed of feeds) feed.listen(changed);
    clock.sleep(deadlineMs, over.signal).then(
      () => fail(late(wait, said ?? seen, options, troubleOf(feeds))),
      () => {},
    );
    look();
  });
}

const troubleOf = (feeds: readonly Feed<unknown>[]): unknown =>
  feeds.map(({ trouble }) => trouble).find((trouble) => trouble !== undefined);

function late(
  { what, code }: Pick<FeedWait<unknown>, 'what' | 'code'>,
  seen: string,
  { deadlineMs, hint }: UntilOptions,
  cause: unknown,
): IncompleteError {
  return new IncompleteError(`Gave up after ${Math.round(deadlineMs / 1000)} s of waiting for ${what}.`, {
    code,
    hint,
    details: [`last seen: ${seen}`],
    cause,
  });
}
