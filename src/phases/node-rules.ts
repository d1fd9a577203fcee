import type { Clock } from '../domain/clock.js';
import type { Voter } from '../domain/index.js';
import type { StepContext } from '../engine/index.js';
import type { Kube, KubeOptions, NodeFacts, NodePatch, NodeWatch } from '../kube/types.js';
import type { HostTask } from '../remote/types.js';

/** A node, as far as it tells of a membership. */
export type MemberNode = Pick<NodeFacts, 'name' | 'controlPlane' | 'ready' | 'conditions' | 'annotations'>;

/** What the servers of a cluster agree in, so that no more of them may be taken away than a majority can spare: etcd. */
export interface Membership {
  /** Whether a server's node votes; undefined while nothing says so. */
  isVoter(node: Pick<NodeFacts, 'conditions'>): boolean | undefined;
  /** The members that vote, by what their nodes say. One that is down counts for as long as it is a member. */
  voters(nodes: Iterable<MemberNode>): readonly Voter[];
  /** Takes a running server out before it is stopped. @throws IncompleteError code NODE_TIMEOUT */
  leave(
    api: { readonly kube: Kube; readonly watch: NodeWatch },
    clock: Clock,
    node: NodeFacts,
    run: StepContext,
  ): Promise<void>;
  /** What has to be written on a server's node before it is deleted, so that its member goes with it. */
  beforeDeletion(node: NodeFacts | undefined): NodePatch | undefined;
}

/** What belongs to a node beside its Node object. */
export interface NodeExtras {
  /** Ends whatever runs on its machine, and keeps it from coming back. */
  stop(deadlineMs: number): HostTask;
  /** Removes what else the cluster keeps of a node that was deleted. */
  forget(kube: Pick<Kube, 'get' | 'delete'>, node: string, options: KubeOptions): Promise<void>;
}

/** What a distribution knows of its nodes that Kubernetes itself does not. */
export interface NodeRules {
  /** Undefined where the control plane is nobody's machines. */
  readonly membership: Membership | undefined;
  readonly nodeExtras: NodeExtras;
}
