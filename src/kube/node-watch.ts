import { UnexpectedError } from '../errors/index.js';
import type { KubeClient } from './client.js';
import { Informer } from './informer.js';
import { describeNode, nodeFacts } from './node-facts.js';
import type { NodeFacts, NodeWatch } from './types.js';
import { waitOnFeeds } from './waiting.js';

/** One shared watch on all nodes, for as long as somebody looks. */
export class NodeInformer {
  readonly #informer: Informer<NodeFacts>;
  readonly #handles = new Set<() => void>();

  constructor(private readonly client: KubeClient) {
    this.#informer = new Informer(client, { path: () => Promise.resolve('/api/v1/nodes'), read: nodeFacts });
  }

  /** A view of the informer; the connection is closed with the last one. */
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
      this.#handles.delete(close);
      this.#informer.leave(close);
    };
    if (open) {
      this.#handles.add(close);
      this.#informer.enter(close);
    } else closing.abort(signal.reason);
    signal.addEventListener('abort', close);
    return {
      until: (name, what, ready, options) =>
        this.#until(name, what, ready, { ...options, signal: AbortSignal.any([options.signal, closing.signal]) }),
      close,
    };
  }

  close(): void {
    for (const close of [...this.#handles]) close();
  }

  async #until(
    name: string,
    what: string,
    ready: (node: NodeFacts | undefined) => boolean,
    options: Parameters<NodeWatch['until']>[3],
  ): Promise<NodeFacts | undefined> {
    const found = await waitOnFeeds(
      this.client.clock,
      {
        what: `${name} ${what}`,
        code: 'NODE_TIMEOUT',
        informers: [this.#informer],
        concerns: (key) => key === name,
        check: (say) => {
          const node = this.#informer.items.get(name);
          if (ready(node)) return { node };
          say(describeNode(node, node && options.lacks?.(node)));
          return undefined;
        },
      },
      options,
    );
    return found.node;
  }
}
