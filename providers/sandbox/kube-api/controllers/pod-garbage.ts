import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { hasTaint, isNodeReady } from './conditions.js';

/** Kubernetes' own numbers, which nothing sets: how often it looks, and for how many looks a node may be gone. */
const roundMs = 20_000;
const quarantineRounds = 2;

export const outOfService = 'node.kubernetes.io/out-of-service';

/**
 * Deletes pods that no kubelet will end: those on their way out on a node that is not Ready and is marked as out of
 * service, and all of a node that has been gone for a while.
 */
export class PodGarbage {
  /** For how many looks a node has been gone. */
  readonly #gone = new Map<string, number>();
  #isDue = false;

  constructor(private readonly cluster: ClusterState) {}

  /** Something changed that may be worth a look. */
  look(): void {
    if (this.#isDue || !this.#nodes().some(({ node }) => node === undefined || isOutOfService(node))) return;
    this.#isDue = true;
    this.cluster.clock.after(roundMs, () => {
      this.#isDue = false;
      this.#round();
      this.look();
    });
  }

  #round(): void {
    const nodes = this.#nodes();
    for (const name of [...this.#gone.keys()])
      if (nodes.every((one) => one.name !== name || one.node !== undefined)) this.#gone.delete(name);
    for (const { name, node } of nodes) {
      if (node && isOutOfService(node))
        for (const pod of this.cluster.podsOn(name)) if (pod.metadata.deletionTimestamp) this.cluster.removePod(pod);
      if (node) continue;
      const rounds = this.#gone.get(name) ?? 0;
      this.#gone.set(name, rounds + 1);
      if (rounds >= quarantineRounds) for (const pod of this.cluster.podsOn(name)) this.cluster.removePod(pod);
    }
  }

  /** Every node that has pods, also one that is gone. */
  #nodes(): readonly { readonly name: string; readonly node: Obj | undefined }[] {
    const names = new Set(
      this.cluster.store
        .peek(this.cluster.pods)
        .flatMap(({ spec }) => (typeof spec?.['nodeName'] === 'string' ? [spec['nodeName']] : [])),
    );
    return [...names].map((name) => ({
      name,
      node: this.cluster.store.look(this.cluster.kind('v1', 'Node'), '', name),
    }));
  }
}

const isOutOfService = (node: Obj): boolean => !isNodeReady(node) && hasTaint(node, outOfService);
