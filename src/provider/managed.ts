import type { ClusterRef } from '../domain/machine.js';
import type { Secret } from '../domain/secret.js';
import type { CallOptions, MachineProvider } from './port.js';

/** A place of a pool for a node, with a machine of the provider's own under it. */
export interface ManagedNode {
  /** The provider's id of the place. */
  readonly id: string;
  /** The name of its node in Kubernetes. */
  readonly name: string;
  /** As the node's provider id says it: `linode://123`. Undefined while it has no machine. */
  readonly providerId: string | undefined;
  readonly machine:
    | {
        readonly id: string;
        readonly isRunning: boolean;
        readonly publicAddress: string | undefined;
        readonly privateAddress: string | undefined;
        /** ISO 8601. */
        readonly createdAt: string;
      }
    | undefined;
}

export interface ManagedTaint {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: string;
}

/** What can change in a pool's life. */
export interface ManagedPoolShape {
  readonly count: number;
  /** Undefined: it does not scale by itself. */
  readonly autoscale: { readonly min: number; readonly max: number } | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly ManagedTaint[];
}

export interface ManagedPoolRequest extends ManagedPoolShape {
  readonly name: string;
  readonly type: string;
}

export interface ManagedPool extends ManagedPoolShape {
  readonly id: string;
  /** As the file calls it; undefined of one that somebody else made. */
  readonly name: string | undefined;
  readonly type: string;
  readonly nodes: readonly ManagedNode[];
}

/** What can change in a cluster's life. */
export interface ManagedShape {
  /** `1.36` */
  readonly version: string;
  /** Whether several servers run its control plane. It cannot be undone. */
  readonly highAvailability: boolean;
  /** CIDRs that may reach its API. */
  readonly apiAllow: readonly string[];
}

export interface ManagedRequest extends ManagedShape {
  readonly location: string;
  readonly pools: readonly ManagedPoolRequest[];
}

export interface ManagedCluster extends ManagedShape {
  readonly id: string;
  readonly location: string;
  readonly pools: readonly ManagedPool[];
}

/** An ability: the provider runs whole clusters, control plane and nodes. What is not there any more is success to delete. */
export interface ManagedKubernetes {
  readonly managed: {
    /** Minors that clusters can be made of: `1.36`. What is retired may be among them. */
    versions(options: CallOptions): Promise<readonly string[]>;
    /** Net, a month, of a control plane, in the catalogue's currency. */
    controlPlanePrice(highAvailability: boolean, location: string, options: CallOptions): Promise<number>;
    find(cluster: ClusterRef, options: CallOptions): Promise<ManagedCluster | undefined>;
    /**
     * Returns before any of it answers. One that is there already is taken as it is.
     * @throws RefusedError code NAME_TAKEN
     */
    create(cluster: ClusterRef, request: ManagedRequest, options: CallOptions): Promise<ManagedCluster>;
    change(id: string, changes: Partial<ManagedShape>, options: CallOptions): Promise<void>;
    /** Undefined while it is being made, which takes minutes. */
    kubeconfig(id: string, options: CallOptions): Promise<Secret | undefined>;
    createPool(id: string, request: ManagedPoolRequest, options: CallOptions): Promise<void>;
    changePool(id: string, pool: string, shape: ManagedPoolShape, options: CallOptions): Promise<void>;
    deletePool(id: string, pool: string, options: CallOptions): Promise<void>;
    /** Deletes the node's machine at once, and makes another: the pool stays as large. */
    recycleNode(id: string, node: string, options: CallOptions): Promise<void>;
    /** The pool has one place less. */
    removeNode(id: string, node: string, options: CallOptions): Promise<void>;
    delete(id: string, options: CallOptions): Promise<void>;
  };
}

export const canManage = <P extends MachineProvider>(provider: P): provider is P & ManagedKubernetes =>
  'managed' in provider;
