import type { Obj } from '../objects.js';
import { secondsTolerated } from '../scheduling/node-choice.js';
import type { ClusterState } from './cluster.js';
import type { Taint } from './conditions.js';

/** Has pods leave nodes whose taints drive them out, once they have stayed for as long as they tolerate that. */
export class TaintEviction {
  /** By node: what is to happen to its pods, by the pod's uid and the taint's key. */
  readonly #waits = new Map<string, Map<string, () => void>>();

  constructor(private readonly cluster: ClusterState) {}

  stop(): void {
    for (const node of [...this.#waits.keys()]) this.gone(node);
  }

  gone(node: string): void {
    for (const cancel of this.#waits.get(node)?.values() ?? []) cancel();
    this.#waits.delete(node);
  }

  see(node: Obj): void {
    const { name } = node.metadata;
    const taints = driving(node);
    if (taints.length === 0) return this.gone(name);
    const waits = this.#waits.get(name) ?? new Map<string, () => void>();
    this.#waits.set(name, waits);
    for (const [key, cancel] of waits) {
      if (taints.some((taint) => key.endsWith(` ${taint.key}`))) continue;
      cancel();
      waits.delete(key);
    }
    for (const pod of this.cluster.podsOn(name)) {
      if (pod.metadata.deletionTimestamp) continue;
      for (const taint of taints) {
        const key = `${pod.metadata.uid!} ${taint.key}`;
        const seconds = secondsTolerated(pod, taint);
        if (seconds === Infinity || waits.has(key)) continue;
        waits.set(
          key,
          this.cluster.clock.after(seconds * 1000, () => this.#evict(pod)),
        );
      }
    }
  }

  #evict(pod: Obj): void {
    const current = this.cluster.current(pod);
    if (current) this.cluster.terminate(current);
  }
}

const driving = (node: Obj): readonly Taint[] =>
  ((node.spec?.['taints'] ?? []) as Taint[]).filter(({ effect }) => effect === 'NoExecute');
