import type { ClusterRef, DesiredMachine, Machine, OutdatedMachine, RecycleRound, Secret } from '../domain/index.js';
import type { ClusterFile, ClusterSpec, DistributionName } from '../domain/spec/schema.js';
import type { Later, Step } from '../engine/index.js';
import type { NodeFacts } from '../kube/types.js';
import type { ReadKubeconfig } from '../phases/adoption.js';
import type { ClusterApi, ClusterFacts, PhaseContext, RestoreSource, Tools } from '../phases/context.js';
import type { NodeRules } from '../phases/node-rules.js';
import type { ClusterRequest, InfrastructureResource, MachineProvider } from '../provider/port.js';
import type { Backups } from './backups.js';
import type { BundleNeeds, Bundles } from './bundles.js';
import type { Reboots } from './reboots.js';
import type { Images } from './images.js';
import type { Rotations } from './rotations.js';
import type { Settings } from './settings.js';
import type { Upgrades } from './upgrades.js';

/** What is looked for, and how closely. */
export interface ObserveRequest {
  readonly cluster: ClusterRef;
  readonly spec: ClusterSpec;
  /** OpenSSH public key of the cluster's key pair. */
  readonly sshPublicKey: string;
  /** Without its API, as one would that is to be made from a backup. */
  readonly look: 'look at hosts' | 'from afar' | 'from afar, without the API' | 'without the API';
  /** Text of cloud-init's user data before anything of one machine is in it. */
  readonly userData: string;
  /** Machines that are to leave although the file asks for their places. */
  readonly round?: RecycleRound | undefined;
}

/** What a plan is to be made with, beside what was found. */
export interface PlanInput {
  readonly userData: (machine: DesiredMachine) => Promise<string>;
  /** What of the infrastructure to lay; default: all that was found. */
  readonly resources?: readonly InfrastructureResource[] | undefined;
  /** As in `PhaseContext`. */
  readonly lose?: ReadonlySet<string> | undefined;
  /** As in `PhaseContext`. */
  readonly held?: PhaseContext['held'];
  /** As in `PhaseContext`; what was found is then found without the API. */
  readonly restore?: RestoreSource | undefined;
  /** As in `PhaseContext`. */
  readonly lost?: PhaseContext['lost'];
}

/**
 * What was found, and what can be made of it. A distribution may find more than all do, and what only it understands it keeps
 * to itself, so that nobody can hand it the facts of another.
 */
export interface Findings {
  readonly request: ClusterRequest;
  readonly facts: ClusterFacts;
  /**
   * A cluster that ran once, and nothing is left of its control plane that could be brought back.
   * @throws RefusedError code CONTROL_PLANE_LOST
   */
  readonly refuseLostControlPlane: () => void;
  /**
   * A control plane that runs, or may come back beside the one that is made from a backup.
   * @param begun whether a restore of it is under way already
   * @throws RefusedError codes CLUSTER_ALIVE, SERVERS_SILENT
   */
  readonly refuseRestore: (begun: boolean, signal: AbortSignal) => Promise<void>;
  /** What machines that are about to get the distribution need of a bundle, all of it; none where every machine has it. */
  readonly bundleNeeds: (signal: AbortSignal) => Promise<readonly BundleNeeds[]>;
  /** Every step between what was found and what the file asks for, components aside. Decides; changes nothing. */
  readonly plan: (input: PlanInput) => DistributionPlan;
  /** What no plan mends, a line each. Undefined: nothing. */
  readonly remarks?: readonly string[] | undefined;
  /** Names of nodes that are behind the control plane, and that replacing brings up. Undefined: none. */
  readonly behind?: ReadonlySet<string> | undefined;
  /** Undefined where nobody takes a release away. */
  readonly expectedEnd?: ReleaseEnd | undefined;
  /** What a control plane costs a month that is nobody's machines, now and once all steps are done. */
  readonly controlPlanePrice?: { readonly now: number; readonly then: number } | undefined;
  /** What can never be made of what was found. @throws RefusedError */
  readonly refuseImpossible?: (() => void) | undefined;
  /** Its machines as they are by then, where they are not the provider's to list. */
  readonly machinesNow?: ((options: { readonly signal: AbortSignal }) => Promise<readonly Machine[]>) | undefined;
  /** Those of the machines that are not as the file asks for once all steps are done. */
  readonly outdatedAfter: (machines: readonly Machine[]) => readonly OutdatedMachine[];
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

/** Something that a distribution cannot do. */
export interface Lack {
  /** Reads after a colon: `LKE gives nobody its etcd`. */
  readonly why: string;
  /** What to do instead, as a sentence. `CLUSTER` stands for the cluster's name. */
  readonly instead: string;
}

/** Until when a release is expected to be had. */
export interface ReleaseEnd {
  readonly version: string;
  /** A day: `2027-06-28`. */
  readonly until: string;
  /** Negative once it is over. */
  readonly daysLeft: number;
}

/** The releases of a distribution. */
export interface Versions {
  /** Negative where `a` is older than `b`. */
  readonly compare: (a: string, b: string) => number;
}

/** Who has a cluster's kubeconfig: servers that are machines of ours, or whoever runs the control plane. */
export type KubeconfigSource =
  | { readonly from: 'servers'; readonly read: ReadKubeconfig }
  | {
      readonly from: 'provider';
      readonly fetch: (
        provider: MachineProvider,
        cluster: ClusterRef,
        options: { readonly signal: AbortSignal },
      ) => Promise<Secret>;
    };

/** A field that cannot change in a cluster's life. */
export interface FixedField {
  /** `network.pods` */
  readonly path: string;
  readonly read: (spec: ClusterSpec) => string;
}

/** Whatever a cluster file says of Kubernetes. */
type KubernetesFile = NonNullable<ClusterFile['kubernetes']>;

/** What a cluster is made of: k3s on machines, or a Kubernetes that somebody else runs. */
export interface Distribution extends NodeRules {
  readonly name: DistributionName;
  readonly versions: Versions;
  /** Fields that its nodes must agree in from the first on. */
  readonly fixedFields: readonly FixedField[];
  /** Whether each node runs on a machine of ours: one without is orphaned. */
  readonly nodesAreMachines: boolean;
  /** Whether its plan itself brings nodes to another release and replaces those of a round. Undefined: no. */
  readonly plansRollouts?: boolean | undefined;
  /** Commands that it cannot serve, by their names: `cluster ssh`. Undefined: it serves all. */
  readonly lacks?: ReadonlyMap<string, Lack> | undefined;
  /** Undefined where nothing of it is put on machines. */
  readonly bundles: Bundles | undefined;
  /** How a workspace that has lost it comes by a cluster's kubeconfig. */
  readonly kubeconfig: KubeconfigSource;
  /** What nodes tell of what their cluster was asked for; undefined where they do not tell the release. */
  askedOf(nodes: Iterable<NodeFacts>): (KubernetesFile & { readonly version: string }) | undefined;
  /**
   * Steps that remove what a cluster has of it beside machines; none where that is gone. Undefined where all of it is on
   * machines.
   */
  readonly deletion:
    | ((tools: Tools, cluster: ClusterRef, options: { readonly signal: AbortSignal }) => Promise<readonly Step[]>)
    | undefined;
  /** Gathers the facts that a plan is made from; changes nothing. */
  observe(tools: Tools, request: ObserveRequest, options: { readonly signal: AbortSignal }): Promise<Findings>;
  /** Undefined where no node has a configuration of ours. Loaded by those who change it. */
  settings?(): Promise<Settings>;
  /** Undefined where releases are somebody else's affair. Loaded by those who upgrade. */
  upgrades?(): Promise<Upgrades>;
  /** Undefined where certificates and tokens are somebody else's affair. Loaded by those who rotate or read them. */
  rotations?(): Promise<Rotations>;
  /** Undefined where the system of machines is somebody else's affair. Loaded by those who reboot them. */
  reboots?(): Promise<Reboots>;
  /** Undefined where its machines are not made from images of ours. Loaded by those who build them. */
  images?(): Promise<Images>;
  /** Undefined where the data of the cluster is somebody else's affair. Loaded by those who make backups. */
  backups?(): Promise<Backups>;
}
