import { UnexpectedError } from '../errors/index.js';
import type { KubeClient } from './client.js';
import { type Discovery, objectPath } from './discovery.js';
import { Feed, keyOf, type WireObject } from './feed.js';
import type { KindRef, KubeObject, ObjectView, ObjectWait, UntilOptions } from './types.js';
import { waitOnFeeds } from './waiting.js';

/** Waits on any kinds of objects; those that wait for the same kind at the same time share its watch. */
export class ObjectFeeds {
  readonly #feeds = new Map<string, Feed<KubeObject>>();
  readonly #closing = new AbortController();

  constructor(
    private readonly client: KubeClient,
    private readonly discovery: Discovery,
  ) {}

  async until<T>(wait: ObjectWait<T>, options: UntilOptions): Promise<T> {
    const kinds = wait.kinds.filter((kind, i, all) => all.findIndex((other) => idOf(other) === idOf(kind)) === i);
    const feeds = kinds.map((kind) => ({ kind, feed: this.#feed(kind) }));
    const user = {};
    for (const { feed } of feeds) feed.enter(user);
    const view = viewOf(feeds);
    try {
      return await waitOnFeeds(
        this.client.clock,
        {
          what: wait.what,
          code: wait.code,
          feeds: feeds.map(({ feed }) => feed),
          check: (say) => wait.check(view, say),
        },
        { ...options, signal: AbortSignal.any([options.signal, this.#closing.signal]) },
      );
    } finally {
      for (const { feed } of feeds) feed.leave(user);
    }
  }

  close(): void {
    this.#closing.abort(new UnexpectedError('The watch on objects was closed.', { code: 'WATCH_CLOSED' }));
  }

  #feed(ref: KindRef): Feed<KubeObject> {
    const id = idOf(ref);
    const { apiVersion, kind, namespace } = ref;
    const feed =
      this.#feeds.get(id) ??
      new Feed<KubeObject>(this.client, {
        path: async (signal) => {
          const resource = await this.discovery.find(apiVersion, kind, signal);
          return resource && objectPath(apiVersion, resource, namespace);
        },
        read: (object) => slim(object, apiVersion, kind),
      });
    this.#feeds.set(id, feed);
    return feed;
  }
}

const idOf = ({ apiVersion, kind, namespace = '' }: KindRef): string => `${apiVersion} ${kind} ${namespace}`;

/** Who manages which field is the greater part of most objects, and of no use to those who wait. */
function slim(object: WireObject, apiVersion: string, kind: string): KubeObject {
  const { managedFields: _, ...metadata } = (object.metadata ?? {}) as KubeObject['metadata'];
  return { ...object, apiVersion, kind, metadata: { ...metadata, name: metadata.name } };
}

function viewOf(feeds: readonly { readonly kind: KindRef; readonly feed: Feed<KubeObject> }[]): ObjectView {
  const of = ({ apiVersion, kind }: Pick<KindRef, 'apiVersion' | 'kind'>) =>
    feeds.filter((entry) => entry.kind.apiVersion === apiVersion && entry.kind.kind === kind);
  return {
    get: (ref) => {
      for (const { feed } of of(ref)) {
        // What is outside namespaces is asked for with and without one.
        const found = feed.items.get(keyOf(ref)) ?? feed.items.get(ref.metadata.name);
        if (found) return found;
      }
      return undefined;
    },
    all: (ref) => of(ref).flatMap(({ feed }) => [...feed.items.values()]),
  };
}
