import type { ManagedHost, ManagedNode } from '../linode-api/index.js';
import { reportFault } from '../report-fault.js';
import type { Persistent } from '../types.js';
import { freshManaged, ManagedCluster, type ManagedContext, type ManagedSnapshot } from './managed.js';

export type { ManagedSnapshot } from './managed.js';

/** The Kubernetes inside of LKE clusters, by the cluster's id. */
export class ManagedClusters implements ManagedHost, Persistent<readonly ManagedSnapshot[]> {
  readonly #clusters = new Map<number, ManagedCluster>();
  /** Those whose certificates are being made. */
  readonly #coming = new Set<number>();

  constructor(private readonly context: ManagedContext) {}

  create(id: number, version: string): void {
    this.#coming.add(id);
    const make = async (): Promise<void> => {
      const state = await freshManaged(id, version, this.context);
      if (this.#coming.delete(id)) await this.#add(state);
    };
    make().catch((error: unknown) => reportFault(`LKE cluster ${id}`, error));
  }

  upgrade(id: number, version: string): void {
    this.#clusters.get(id)?.upgrade(version);
  }

  delete(id: number): void {
    this.#coming.delete(id);
    this.#clusters.get(id)?.close();
    this.#clusters.delete(id);
  }

  kubeconfig(id: number) {
    return this.#clusters.get(id)?.kubeconfig();
  }

  regenerate(id: number): void {
    this.#clusters.get(id)?.regenerate();
  }

  joined(id: number, node: ManagedNode): void {
    this.#clusters.get(id)?.joined(node);
  }

  silent(id: number, node: string): void {
    this.#clusters.get(id)?.silent(node);
  }

  left(id: number, node: string): void {
    this.#clusters.get(id)?.left(node);
  }

  marked(id: number, pool: Pick<ManagedNode, 'pool' | 'labels' | 'taints'>, before: readonly string[]): void {
    this.#clusters.get(id)?.marked(pool, before);
  }

  get size(): number {
    return this.#clusters.size;
  }

  /** Ports of this computer that clusters answer on. */
  static portsIn = (state: readonly ManagedSnapshot[]): readonly number[] => state.flatMap(({ port }) => port ?? []);

  snapshot(): readonly ManagedSnapshot[] {
    return [...this.#clusters.values()].map((cluster) => cluster.snapshot());
  }

  restore(state: readonly ManagedSnapshot[]): void {
    for (const one of state) void this.#add(one);
  }

  async #add(state: ManagedSnapshot): Promise<void> {
    const cluster = new ManagedCluster(state, this.context);
    this.#clusters.set(state.id, cluster);
    await cluster.open();
  }
}
