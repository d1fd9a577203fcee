import { IncompleteError, messageOf, UnexpectedError } from '../errors/index.js';
import type { KubeClient } from './client.js';
import { ApiError, kubeFailure, UnreachableError } from './failures.js';
import { describeNode, nodeFacts } from './node-facts.js';
import { listAll } from './paging.js';
import type { NodeFacts, NodeWatch } from './types.js';
import { watchEvents } from './watch-stream.js';
import type { WireNode } from './wire.js';

/** Seconds after which the server ends a watch, and we begin the next. */
const watchSeconds = 60;
/** Milliseconds of silence after which a watch counts as dead: the server should have ended it by then. */
const silenceMs = (watchSeconds + 15) * 1000;

type Listener = () => void;

/**
 * Keeps a map of all nodes up to date over one connection for as long as somebody looks. It resumes after a
 * disconnect, on another server if need be, and lists anew when the server has forgotten where it was (410).
 */
export class NodeFeed {
  readonly #listeners = new Map<string, Set<Listener>>();
  #nodes = new Map<string, NodeFacts>();
  readonly #handles = new Set<Listener>();
  #stop: AbortController | undefined;
  #synced = false;
  #trouble: unknown;

  constructor(private readonly client: KubeClient) {}

  /** A view of the feed; the connection is closed with the last one. */
  watch(signal: AbortSignal): NodeWatch {
    const closing = new AbortController();
    let open = !signal.aborted;
    const close = (): void => {
      signal.removeEventListener('abort', close);
      if (!open) return;
      open = false;
      closing.abort(
        signal.aborted
          ? signal.reason
          : new UnexpectedError('The watch on nodes was closed.', { code: 'WATCH_CLOSED' }),
      );
      this.#leave(close);
    };
    if (open) this.#enter(close);
    else closing.abort(signal.reason);
    signal.addEventListener('abort', close);
    return {
      current: () => this.#nodes,
      until: (name, what, ready, options) =>
        this.#until(name, what, ready, { ...options, signal: AbortSignal.any([options.signal, closing.signal]) }),
      close,
    };
  }

  close(): void {
    for (const close of [...this.#handles]) close();
  }

  #enter(handle: Listener): void {
    this.#handles.add(handle);
    if (this.#stop) return;
    this.#stop = new AbortController();
    void this.#run(this.#stop.signal);
  }

  #leave(handle: Listener): void {
    this.#handles.delete(handle);
    if (this.#handles.size > 0) return;
    this.#stop?.abort();
    this.#stop = undefined;
    // The next one to look must not be answered from what was true long ago.
    this.#synced = false;
    this.#nodes = new Map();
  }

  async #run(signal: AbortSignal): Promise<void> {
    let version: string | undefined;
    for (let failures = 0; !signal.aborted;) {
      try {
        version ??= await this.#list(signal);
        version = await this.#follow(version, signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        // What the server has forgotten (410) is listed anew; a cut stream goes on where it was.
        if (error instanceof ApiError) version = undefined;
        const forgotten = error instanceof ApiError && error.status === 410;
        if (!forgotten) this.#tell(error);
        const pause = forgotten ? 0 : Math.min(100 * 2 ** failures++, 2_000);
        await this.client.clock.sleep(pause, signal).catch(() => {});
      }
    }
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { items, resourceVersion } = await listAll<WireNode>(this.client, '/api/v1/nodes', signal);
    signal.throwIfAborted();
    this.#nodes = new Map(items.map((item) => [item.metadata?.name ?? '', nodeFacts(item)]));
    this.#synced = true;
    this.#trouble = undefined;
    for (const name of this.#listeners.keys()) this.#notify(name);
    return resourceVersion;
  }

  /** Follows changes until the server ends the stream; answers with where it ended. */
  async #follow(from: string, signal: AbortSignal): Promise<string> {
    const query = new URLSearchParams({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(watchSeconds),
    });
    const stream = await this.client.stream(`/api/v1/nodes?${query.toString()}`, silenceMs, signal);
    this.#trouble = undefined;
    let version = from;
    try {
      for await (const { type, object } of watchEvents(stream)) {
        if (signal.aborted) break;
        if (type === 'ERROR') throw new ApiError(object.code ?? 500, object, undefined);
        version = object.metadata?.resourceVersion ?? version;
        const name = object.metadata?.name;
        if (type === 'BOOKMARK' || name === undefined) continue;
        if (type === 'DELETED') this.#nodes.delete(name);
        else this.#nodes.set(name, nodeFacts(object));
        this.#notify(name);
      }
    } catch (error) {
      // A stream that breaks off is no trouble; whether a server answers shows with the next one.
      if (error instanceof ApiError || signal.aborted) throw error;
    } finally {
      stream.destroy();
    }
    return version;
  }

  #notify(name: string): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) listener();
  }

  /** Keeps the trouble for those who wait; they are told at once, and decide whether waiting on makes sense. */
  #tell(error: unknown): void {
    this.#trouble = error;
    for (const name of this.#listeners.keys()) this.#notify(name);
  }

  async #until(
    name: string,
    what: string,
    ready: (node: NodeFacts | undefined) => boolean,
    options: Parameters<NodeWatch['until']>[3],
  ): Promise<NodeFacts | undefined> {
    const { signal, deadlineMs, hint, progress } = options;
    signal.throwIfAborted();
    const over = new AbortController();
    let said: string | undefined;
    return new Promise<NodeFacts | undefined>((resolve, reject) => {
      const end = (settle: () => void): void => {
        over.abort();
        signal.removeEventListener('abort', interrupted);
        this.#unlisten(name, look);
        settle();
      };
      const interrupted = (): void => end(() => reject(signal.reason as Error));
      const look = (): void => {
        if (isHopeless(this.#trouble)) {
          const error = kubeFailure(this.#trouble, 'GET nodes');
          return end(() => reject(error instanceof Error ? error : new Error(messageOf(error))));
        }
        if (!this.#synced) return;
        const node = this.#nodes.get(name);
        try {
          if (ready(node)) return end(() => resolve(node));
        } catch (error) {
          return end(() => reject(error instanceof Error ? error : new Error(messageOf(error))));
        }
        const state = this.#state(name);
        if (state !== said) progress?.(state);
        said = state;
      };
      signal.addEventListener('abort', interrupted);
      this.#listen(name, look);
      this.client.clock.sleep(deadlineMs, over.signal).then(
        () => end(() => reject(this.#late(name, what, deadlineMs, hint))),
        () => {},
      );
      look();
    });
  }

  #late(name: string, what: string, deadlineMs: number, hint: string): IncompleteError {
    return new IncompleteError(`Gave up after ${Math.round(deadlineMs / 1000)} s of waiting for ${name} ${what}.`, {
      code: 'NODE_TIMEOUT',
      hint,
      details: [`last seen: ${this.#state(name)}`],
      cause: this.#trouble,
    });
  }

  #state(name: string): string {
    const known = this.#synced ? describeNode(this.#nodes.get(name)) : 'nothing yet';
    if (this.#trouble === undefined) return known;
    const why =
      this.#trouble instanceof UnreachableError
        ? this.#trouble.failures.map((failure) => failure.message).join('; ')
        : messageOf(this.#trouble);
    return `${known} (the API does not answer: ${why})`;
  }

  #listen(name: string, listener: Listener): void {
    const own = this.#listeners.get(name) ?? new Set();
    own.add(listener);
    this.#listeners.set(name, own);
  }

  #unlisten(name: string, listener: Listener): void {
    const own = this.#listeners.get(name);
    own?.delete(listener);
    if (own?.size === 0) this.#listeners.delete(name);
  }
}

/** Credentials that are refused will be refused again. */
function isHopeless(trouble: unknown): boolean {
  return trouble instanceof ApiError && (trouble.status === 401 || trouble.status === 403);
}
