import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { changeTaints, conditionOf, setReady, type Taint } from './conditions.js';
import { renewLease } from './node-lease.js';

const unreachable = 'node.kubernetes.io/unreachable';

/** Node health by heartbeats, and the taint of cordoned nodes. */
export class NodeController {
  readonly #heartbeats = new Map<string, () => void>();

  /** @param silent told of each pod on a node that fell silent */
  constructor(
    private readonly cluster: ClusterState,
    private readonly silent: (pod: Obj) => void,
  ) {}

  stop(): void {
    for (const cancel of this.#heartbeats.values()) cancel();
    this.#heartbeats.clear();
  }

  /** A kubelet is alive. Its Lease says so; of the node only silence is stored. */
  heartbeat(name: string): void {
    const { store, clock, times } = this.cluster;
    this.#heartbeats.get(name)?.();
    renewLease(this.cluster, name);
    this.#heartbeats.set(
      name,
      clock.after(times.nodeLostMs, () => this.#missed(name)),
    );
    store.change(this.cluster.kind('v1', 'Node'), '', name, (node) => {
      if (conditionOf(node, 'Ready')?.status === 'Unknown')
        setReady(node, 'True', 'KubeletReady', 'kubelet is posting ready status', store.stamp());
      changeTaints(node, (list) => list.filter(({ key }) => key !== unreachable));
    });
  }

  /** Cordoned nodes carry a taint. */
  unschedulable(node: Obj): void {
    const key = 'node.kubernetes.io/unschedulable';
    const desired = node.spec?.['unschedulable'] === true;
    const has = ((node.spec?.['taints'] ?? []) as Taint[]).some((taint) => taint.key === key);
    if (desired === has) return;
    this.cluster.change(node, (object) =>
      changeTaints(object, (list) =>
        desired ? [...list, { key, effect: 'NoSchedule' }] : list.filter((taint) => taint.key !== key),
      ),
    );
  }

  /**
   * A heartbeat is overdue. Where the sandbox itself was held up the next one is due as well, and timers that are due at
   * once run in any order: it has its turn first.
   */
  #missed(name: string): void {
    const turn = setImmediate(() => this.#lost(name));
    this.#heartbeats.set(name, () => clearImmediate(turn));
  }

  #lost(name: string): void {
    const { store } = this.cluster;
    this.#heartbeats.delete(name);
    const node = store.change(this.cluster.kind('v1', 'Node'), '', name, (object) => {
      setReady(object, 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.', store.stamp());
      changeTaints(object, (list) => [
        ...list,
        { key: unreachable, effect: 'NoSchedule' },
        { key: unreachable, effect: 'NoExecute' },
      ]);
    });
    if (node) for (const pod of this.cluster.podsOn(name)) this.silent(pod);
  }
}
