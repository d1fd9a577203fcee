import { UnexpectedError } from '../errors/index.js';
import type { KubeClient } from './client.js';
import { type Discovery, objectPath } from './discovery.js';
import { Informer, keyOf, type WireObject } from './informer.js';
import type { KindRef, KubeObject, ObjectView, ObjectWait, UntilOptions } from './types.js';
import { waitOnFeeds } from './waiting.js';

/** Waits on any kinds of objects; those that wait for the same kind at the same time share its watch. */
export class ObjectFeeds {
  readonly #informers = new Map<string, Informer<KubeObject>>();
  readonly #closing = new AbortController();

  constructor(
    private readonly client: KubeClient,
    private readonly discovery: Discovery,
  ) {}

  async until<T>(wait: ObjectWait<T>, options: UntilOptions): Promise<T> {
    const kinds = wait.kinds.filter((kind, i, all) => all.findIndex((other) => idOf(other) === idOf(kind)) === i);
    const informers = kinds.map((kind) => ({ kind, informer: this.#informer(kind) }));
    const user = {};
    for (const { informer } of informers) informer.enter(user);
    const view = viewOf(informers);
    try {
      return await waitOnFeeds(
        this.client.clock,
        {
          what: wait.what,
          code: wait.code,
          informers: informers.map(({ informer }) => informer),
          check: (say) => wait.check(view, say),
        },
        { ...options, signal: AbortSignal.any([options.signal, this.#closing.signal]) },
      );
    } finally {
      for (const { informer } of informers) informer.leave(user);
    }
  }

  close(): void {
    this.#closing.abort(new UnexpectedError('The watch on objects was closed.', { code: 'WATCH_CLOSED' }));
  }

  #informer(ref: KindRef): Informer<KubeObject> {
    const id = idOf(ref);
    const { apiVersion, kind, namespace } = ref;
    const informer =
      this.#informers.get(id) ??
      new Informer<KubeObject>(this.client, {
        path: async (signal) => {
          const resource = await this.discovery.find(apiVersion, kind, signal);
          return resource && objectPath(apiVersion, resource, namespace);
        },
        read: (object) => slim(object, apiVersion, kind),
      });
    this.#informers.set(id, informer);
    return informer;
  }
}

const idOf = ({ apiVersion, kind, namespace = '' }: KindRef): string => `${apiVersion} ${kind} ${namespace}`;

/** Who manages which field is the greater part of most objects, and of no use to those who wait. */
function slim(object: WireObject, apiVersion: string, kind: string): KubeObject {
  const { managedFields: _, ...metadata } = (object.metadata ?? {}) as KubeObject['metadata'];
  return { ...object, apiVersion, kind, metadata: { ...metadata, name: metadata.name } };
}

function viewOf(informers: readonly { readonly kind: KindRef; readonly informer: Informer<KubeObject> }[]): ObjectView {
  const of = ({ apiVersion, kind }: Pick<KindRef, 'apiVersion' | 'kind'>) =>
    informers.filter((entry) => entry.kind.apiVersion === apiVersion && entry.kind.kind === kind);
  return {
    get: (ref) => {
      for (const { informer } of of(ref)) {
        // What is outside namespaces is asked for with and without one.
        const found = informer.items.get(keyOf(ref)) ?? informer.items.get(ref.metadata.name);
        if (found) return found;
      }
      return undefined;
    },
    all: (ref) => of(ref).flatMap(({ informer }) => [...informer.items.values()]),
  };
}
