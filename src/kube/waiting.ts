import type { Clock } from '../domain/clock.js';
import { type ErrorCode, IncompleteError, messageOf } from '../errors/index.js';
import { kubeFailure } from './failures.js';
import { describeTrouble, type Informer, isFatal } from './informer.js';
import type { UntilOptions } from './types.js';

export interface FeedWait<T> {
  /** `web-1 to be Ready` */
  readonly what: string;
  readonly code: ErrorCode;
  readonly informers: readonly Informer<unknown>[];
  /** Whether a change of this key in one of the informers is worth a look. */
  readonly concerns?: (key: string) => boolean;
  /** Called once all informers are read, and at every change. Undefined: not yet. What it throws ends the wait. */
  check(say: (seen: string) => void): T | undefined;
}

/**
 * Waits until what informers know is as wished. Costs no request of its own.
 * @throws IncompleteError with the wait's code at the deadline; what `check` throws; the signal's reason; an
 * IncompleteError at once where credentials are refused.
 */
export async function waitOnFeeds<T>(clock: Clock, wait: FeedWait<T>, options: UntilOptions): Promise<T> {
  const { informers, what } = wait;
  const { signal, deadlineMs, progress } = options;
  signal.throwIfAborted();
  const over = new AbortController();
  let seen = 'nothing yet';
  let said: string | undefined;
  const say = (text: string): void => {
    seen = text;
    const trouble = troubleOf(informers);
    const line = trouble === undefined ? text : `${text} (the API does not answer: ${describeTrouble(trouble)})`;
    if (line !== said) progress?.(line);
    said = line;
  };
  return new Promise<T>((resolve, reject) => {
    const end = (settle: () => void): void => {
      over.abort();
      signal.removeEventListener('abort', interrupted);
      for (const informer of informers) informer.unlisten(changed);
      settle();
    };
    const fail = (error: unknown): void =>
      end(() => reject(error instanceof Error ? error : new Error(messageOf(error))));
    const interrupted = (): void => fail(signal.reason);
    const look = (): void => {
      const trouble = troubleOf(informers);
      if (isFatal(trouble)) return fail(kubeFailure(trouble, `waiting for ${what}`));
      if (!informers.every((informer) => informer.synced)) return trouble === undefined ? undefined : say(seen);
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
    for (const informer of informers) informer.listen(changed);
    clock.sleep(deadlineMs, over.signal).then(
      () => fail(late(wait, said ?? seen, options, troubleOf(informers))),
      () => {},
    );
    look();
  });
}

const troubleOf = (informers: readonly Informer<unknown>[]): unknown =>
  informers.map(({ trouble }) => trouble).find((trouble) => trouble !== undefined);

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
