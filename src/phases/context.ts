import type {
  Clock,
  ClusterRef,
  Comparison,
  Machine,
  OutdatedMachine,
  Secret,
  Role,
  UnfitMachine,
} from '../domain/index.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import type { Kube, NodeFacts, NodeWatch } from '../kube/types.js';
import type { ClusterRequest, InfrastructureResource, MachineProvider } from '../provider/port.js';
import type { Remote } from '../remote/types.js';
import type { ClusterFolder } from '../workspace/types.js';
import type { NodeRules } from './node-rules.js';

/** An open Kubernetes API with its one shared watch. */
export interface ClusterApi {
  readonly kube: Kube;
  readonly watch: NodeWatch;
}

/** What steps act through. */
export interface Tools {
  readonly provider: MachineProvider;
  readonly folder: ClusterFolder;
  readonly remote: Remote;
  readonly clock: Clock;
  /** A new random token for joining, 32 characters. */
  newToken(): string;
  /** Opens the API a kubeconfig leads to; the same text gives the same open API. Closed with the workflow. */
  openApi(kubeconfig: Secret, signal: AbortSignal): Promise<ClusterApi>;
}

/** What k3s is on a host that was looked at. */
export interface HostState {
  readonly unit: 'server' | 'agent' | 'none';
  readonly active: boolean;
  /** Undefined when k3s is not installed. */
  readonly k3sVersion?: string | undefined;
  /** Whether it has a cluster's etcd data. */
  readonly etcdData: boolean;
  /** How it takes its turn at the API's address, as `holdingOf` writes it; undefined when it does not. */
  readonly vip?: string | undefined;
}

/** Hashes of what a machine is made and configured by. */
export interface MadeBy {
  readonly config: Readonly<Record<Role, string>>;
  readonly template: string;
}

/** What was found before anything was decided. */
export interface ClusterFacts {
  readonly machines: readonly Machine[];
  readonly comparison: Comparison;
  /** Machines that stay and are not as the file asks for. */
  readonly outdated: readonly OutdatedMachine[];
  /** Machines that cannot be started beside the servers as they are; not in what `comparison` desires. */
  readonly unfit: readonly UnfitMachine[];
  /** What the servers run that could be asked; empty while none is known to run anything. */
  readonly serverVersions: readonly string[];
  /** The release that machines get which join now: what the servers run; the file's before there is any. */
  readonly newcomerVersion: string;
  /** Parts of k3s that servers leave out which start now: what the running ones do; the file's before there is any. */
  readonly disabledParts: readonly string[];
  /** What machines are made and configured by that come or are started now. */
  readonly madeBy: MadeBy;
  /** What making each missing machine means at this provider, by machine name. */
  readonly previews: ReadonlyMap<string, string>;
  readonly pieces: readonly InfrastructureResource[];
  /** Undefined when no API answered. */
  readonly nodes: ReadonlyMap<string, NodeFacts> | undefined;
  readonly api: ClusterApi | undefined;
  /** Control planes that were looked at, by machine name: those not found Ready, or all where one holds the API's address. */
  readonly hosts: ReadonlyMap<string, HostState>;
  /** Text of the saved kubeconfig, if any. */
  readonly kubeconfig: Secret | undefined;
}

export interface PhaseContext {
  readonly cluster: ClusterRef;
  readonly spec: ClusterSpec;
  readonly request: ClusterRequest;
  readonly facts: ClusterFacts;
  readonly tools: Tools;
  /** What the distribution knows of its nodes. */
  readonly rules: NodeRules;
}
