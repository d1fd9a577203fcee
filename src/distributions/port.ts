import type { ClusterRef, DesiredMachine, Machine } from '../domain/index.js';
import type { ClusterSpec, DistributionName } from '../domain/spec/schema.js';
import type { Later, Step } from '../engine/index.js';
import type { ClusterApi, ClusterFacts, PhaseContext, Tools } from '../phases/context.js';
import type { NodeRules } from '../phases/node-rules.js';
import type { ClusterRequest } from '../provider/port.js';
import type { Bundles } from './bundles.js';

/** What is looked for, and how closely. */
export interface ObserveRequest {
  readonly cluster: ClusterRef;
  readonly spec: ClusterSpec;
  /** OpenSSH public key of the cluster's key pair. */
  readonly sshPublicKey: string;
  readonly look: 'look at hosts' | 'from afar';
  /** Text of cloud-init's user data before anything of one machine is in it. */
  readonly userData: string;
}

export interface Findings {
  readonly request: ClusterRequest;
  readonly facts: ClusterFacts;
}

export interface DistributionPlan {
  /** Steps after which the cluster and its nodes are there, in the order a person reads them. */
  readonly steps: readonly Step[];
  /** Steps that take away what is not asked for; components come before them. */
  readonly removals: readonly Step[];
  /** The cluster's API, for what is layered on it. */
  readonly api: Later<ClusterApi>;
  /** Running servers one of which must let us in. */
  readonly tokenSources: readonly Machine[];
}

/** The releases of a distribution. */
export interface Versions {
  /** Negative where `a` is older than `b`. */
  compare(a: string, b: string): number;
  /** Whether a server or a node of this release works with servers of those. */
  fits(role: 'server' | 'node', version: string, servers: readonly string[]): boolean;
  /** Those of the releases that an upgrade may go to from `current`, lowest first. */
  allowedNext(current: string, releases: readonly string[]): readonly string[];
}

/** What a cluster is made of: k3s on machines, or a Kubernetes that somebody else runs. */
export interface Distribution extends NodeRules {
  readonly name: DistributionName;
  readonly versions: Versions;
  /** Whether each node runs on a machine of ours: one without is orphaned. */
  readonly nodesAreMachines: boolean;
  /** Undefined where nothing of it is put on machines. */
  readonly bundles: Bundles | undefined;
  /** Gathers the facts that a plan is made from; changes nothing. */
  observe(tools: Tools, request: ObserveRequest, options: { readonly signal: AbortSignal }): Promise<Findings>;
  /** Every step between what was found and what the file asks for, components aside. Decides; changes nothing. */
  plan(context: Omit<PhaseContext, 'rules'>, userData: (machine: DesiredMachine) => Promise<string>): DistributionPlan;
}
