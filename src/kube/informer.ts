import { messageOf } from '../errors/index.js';
import { AnswerTooLarge } from '../http/body.js';
import type { KubeClient } from './client.js';
import { ApiError, UnreachableError } from './failures.js';
import { listAll } from './paging.js';
import { watchEvents } from './watch-stream.js';
import type { WireMeta } from './wire.js';

/** Seconds after which the server ends a watch, and we begin the next. */
const watchSeconds = 60;
/** Milliseconds of silence after which a watch counts as dead: the server should have ended it by then. */
const silenceMs = (watchSeconds + 15) * 1000;
/** Milliseconds until asking again for a kind that is not served: a chart may bring it. */
const unservedPauseMs = 2_000;

/** A watch that brought nothing and ended within so many milliseconds failed. */
const inVainMs = 1_000;
/** Milliseconds until the next try: a tenth of a second after the first that brought nothing, two seconds at most. */
const pauseMs = (failures: number): number => Math.min(100 * 2 ** failures, 2_000);

/** What an informer follows, and what it makes of each object. */
export interface InformerSource<T> {
  /** Path of the collection; undefined while the cluster does not serve the kind. */
  path(signal: AbortSignal): Promise<string | undefined>;
  read(object: WireObject): T;
}

export interface WireObject {
  readonly metadata?: WireMeta;
}

/** Called with the key of what changed; undefined: anything may have. */
export type InformerListener = (key: string | undefined) => void;

/**
 * Keeps a map of a collection up to date over one connection for as long as somebody looks. It resumes after a
 * disconnect, on another server if need be, and lists anew when the server has forgotten where it was (410).
 */
export class Informer<T> {
  readonly #listeners = new Set<InformerListener>();
  readonly #users = new Set<unknown>();
  #items = new Map<string, T>();
  #stop: AbortController | undefined;
  #synced = false;
  #trouble: unknown;

  constructor(
    private readonly client: KubeClient,
    private readonly source: InformerSource<T>,
  ) {}

  /** By `namespace/name`, or by name alone. Empty until `synced`. */
  get items(): ReadonlyMap<string, T> {
    return this.#items;
  }

  /** Whether everything was read once. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Why nothing comes at the moment; undefined: nothing stands in the way. */
  get trouble(): unknown {
    return this.#trouble;
  }

  /** Begins to follow, with the first user. */
  enter(user: unknown): void {
    this.#users.add(user);
    if (this.#stop) return;
    this.#stop = new AbortController();
    void this.#run(this.#stop.signal);
  }

  /** Closes the connection with the last user. */
  leave(user: unknown): void {
    this.#users.delete(user);
    if (this.#users.size > 0) return;
    this.#stop?.abort();
    this.#stop = undefined;
    // The next one to look must not be answered from what was true long ago.
    this.#synced = false;
    this.#items = new Map();
    this.#trouble = undefined;
  }

  listen(listener: InformerListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: InformerListener): void {
    this.#listeners.delete(listener);
  }

  async #run(signal: AbortSignal): Promise<void> {
    let version: string | undefined;
    for (let failures = 0; !signal.aborted;) {
      try {
        const path = await this.source.path(signal);
        if (path === undefined) {
          version = undefined;
          this.#replace([]);
          await this.client.clock.sleep(unservedPauseMs, signal);
          continue;
        }
        version ??= await this.#list(path, signal);
        const before = { version, at: this.client.clock.monotonic() };
        version = await this.#follow(path, version, signal);
        const isInVain = version === before.version && this.client.clock.monotonic() - before.at < inVainMs;
        if (!isInVain) failures = 0;
        // What ends each watch at once, a server or something in its place, is not asked without a pause.
        else await this.client.clock.sleep(pauseMs(failures++), signal).catch(() => {});
      } catch (error) {
        if (signal.aborted) return;
        // What the server has forgotten (410) is listed anew; a cut stream goes on where it was.
        if (error instanceof ApiError) version = undefined;
        const forgotten = error instanceof ApiError && error.status === 410;
        if (!forgotten) this.#tell(error);
        await this.client.clock.sleep(forgotten ? 0 : pauseMs(failures++), signal).catch(() => {});
      }
    }
  }

  async #list(path: string, signal: AbortSignal): Promise<string> {
    const { items, resourceVersion } = await listAll<WireObject>(this.client, path, signal);
    signal.throwIfAborted();
    this.#replace(items);
    return resourceVersion;
  }

  #replace(items: readonly WireObject[]): void {
    this.#items = new Map(items.map((item) => [keyOf(item), this.source.read(item)]));
    this.#synced = true;
    this.#trouble = undefined;
    this.#notify(undefined);
  }

  /** Follows changes until the server ends the stream; answers with where it ended. */
  async #follow(collection: string, from: string, signal: AbortSignal): Promise<string> {
    const query = new URLSearchParams({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(watchSeconds),
    });
    const stream = await this.client.stream(`${collection}?${query.toString()}`, silenceMs, signal);
    this.#trouble = undefined;
    let version = from;
    try {
      for await (const { type, object } of watchEvents(stream)) {
        if (signal.aborted) break;
        if (type === 'ERROR') throw new ApiError(object.code ?? 500, object, undefined);
        version = object.metadata?.resourceVersion ?? version;
        if (type === 'BOOKMARK' || object.metadata?.name === undefined) continue;
        const key = keyOf(object);
        if (type === 'DELETED') this.#items.delete(key);
        else this.#items.set(key, this.source.read(object));
        this.#notify(key);
      }
    } catch (error) {
      // A stream that breaks off is no trouble; whether a server answers shows with the next one. What is no event is.
      const isNoEvent = error instanceof AnswerTooLarge || error instanceof SyntaxError;
      if (error instanceof ApiError || isNoEvent || signal.aborted) throw error;
    } finally {
      stream.destroy();
    }
    return version;
  }

  /** Keeps the trouble for those who wait; they are told at once, and decide whether waiting on makes sense. */
  #tell(error: unknown): void {
    this.#trouble = error;
    this.#notify(undefined);
  }

  #notify(key: string | undefined): void {
    for (const listener of [...this.#listeners]) listener(key);
  }
}

/** `namespace/name`, or the name alone. */
export function keyOf({ metadata = {} }: { readonly metadata?: Named }): string {
  const { namespace, name = '' } = metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

interface Named {
  readonly name?: string;
  readonly namespace?: string | undefined;
}
/** Credentials that are refused will be refused again. */
export function isFatal(trouble: unknown): boolean {
  return trouble instanceof ApiError && (trouble.status === 401 || trouble.status === 403);
}

export function describeTrouble(trouble: unknown): string {
  return trouble instanceof UnreachableError
    ? trouble.failures.map((failure) => failure.message).join('; ')
    : messageOf(trouble);
}
