import type { ManagedCluster, ManagedKubernetes, ManagedNode, ManagedPool } from '../../provider/managed.js';
import { canManage } from '../../provider/managed.js';
import type { MachineProvider } from '../../provider/port.js';
import { UsageError } from '../../errors/index.js';
import type { ClusterFacts, PhaseContext, Tools } from '../../phases/context.js';
import type { ObserveRequest, PlanInput, ReleaseEnd } from '../port.js';
import type { Pools } from './compare.js';

/** What is found of a cluster of LKE. */
export interface LkeFacts extends ClusterFacts {
  /** Undefined before it is made. */
  readonly managed: ManagedCluster | undefined;
  readonly pools: Pools;
  /** What its control plane runs: `v1.36.5`. Undefined while its API does not answer. */
  readonly patch: string | undefined;
  readonly expectedEnd: ReleaseEnd | undefined;
  /** CIDRs that may reach the API, `self` resolved. */
  readonly apiAllow: readonly string[];
  /** Its region. */
  readonly location: string;
  /** Of each pool of the file: the type that a new one gets, the first that is to be had. */
  readonly types: ReadonlyMap<string, string>;
}

/** What the steps of a plan are made with. */
export interface LkeContext extends Pick<PhaseContext, 'cluster' | 'spec'>, Pick<PlanInput, 'lose' | 'held'> {
  readonly facts: LkeFacts;
  readonly tools: Tools;
  readonly lke: ManagedKubernetes['managed'];
  readonly round: ObserveRequest['round'];
}

/** A node of a pool, and its pool. */
export interface PlacedNode extends ManagedNode {
  readonly pool: ManagedPool;
}

export const nodesIn = (pools: readonly ManagedPool[]): readonly PlacedNode[] =>
  pools.flatMap((pool) => pool.nodes.map((node) => ({ ...node, pool })));

/** @throws UsageError code DISTRIBUTION_UNSUPPORTED */
export function managedBy(provider: MachineProvider): ManagedKubernetes['managed'] {
  if (canManage(provider)) return provider.managed;
  throw new UsageError(`${provider.title} runs no Kubernetes for others.`, {
    code: 'DISTRIBUTION_UNSUPPORTED',
    hint: 'Leave `kubernetes.distribution` out, so that k3s is installed on machines; or ask for the provider linode.',
  });
}
