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

/** Hashes of what a machine is made and configured by. */
export interface MadeBy {
  readonly config: Readonly<Record<Role, string>>;
  readonly template: string;
}

/** What was found before anything was decided. A distribution finds more, which its own steps are made from. */
export interface ClusterFacts {
  readonly machines: readonly Machine[];
  readonly comparison: Comparison;
  /** Machines that stay and are not as the file asks for. */
  readonly outdated: readonly OutdatedMachine[];
  /** Machines that cannot be started beside the servers as they are; not in what `comparison` desires. */
  readonly unfit: readonly UnfitMachine[];
  /** The release that machines get which join now: what the servers run; the file's before there is any. */
  readonly newcomerVersion: string;
  /** What machines are made and configured by that come or are started now. */
  readonly madeBy: MadeBy;
  /** What making each missing machine means at this provider, by machine name. */
  readonly previews: ReadonlyMap<string, string>;
  readonly resources: readonly InfrastructureResource[];
  /** Undefined when no API answered. */
  readonly nodes: ReadonlyMap<string, NodeFacts> | undefined;
  readonly api: ClusterApi | undefined;
  /** Text of the saved kubeconfig, if any. */
  readonly kubeconfig: Secret | undefined;
}

/** What a control plane is made from that begins with the data of a backup. */
export interface RestoreSource {
  /** Id of the backup. */
  readonly backup: string;
  /** This restore: whoever has done it once does not do it again. */
  readonly restore: string;
  /** The snapshot on this computer, packed with gzip. */
  readonly file: string;
  /** Of that file. */
  readonly sha256: string;
  /** What servers and agents join with, as it was then. */
  readonly tokens: { readonly server: Secret; readonly agent: Secret };
  /** Called once the first server runs with that data: from then on the cluster is to be finished, not restored. */
  readonly restored: () => Promise<void>;
  /** It is a copy beside the living cluster, in which nothing is ever to run. */
  readonly quarantine?: QuarantineRequest | undefined;
}

export interface QuarantineRequest {
  /** Whether the contents of Secrets stay. */
  readonly keepSecrets: boolean;
  /** Namespaces that the snapshot has. */
  readonly namespaces: readonly string[];
  readonly proven: (proof: Proof) => Promise<void>;
}

/** What a copy of a cluster has shown of itself. */
export interface Proof {
  /** Objects that its API lists, but for events. */
  readonly objects: number;
  readonly kinds: number;
  /** Secrets whose contents were taken away, or that went. */
  readonly withheld: number;
}

export interface PhaseContext<Facts extends ClusterFacts = ClusterFacts> {
  readonly cluster: ClusterRef;
  readonly spec: ClusterSpec;
  readonly request: ClusterRequest;
  readonly facts: Facts;
  readonly tools: Tools;
  /** Pods, as `namespace/pod`, that may be lost with the machine that they run on. */
  readonly lose?: ReadonlySet<string> | undefined;
  /** What will hold up the drain of machines that leave, by the machine's name, a sentence each. */
  readonly held?: ReadonlyMap<string, readonly string[]> | undefined;
  /** Undefined: a control plane that has no data begins with none. */
  readonly restore?: RestoreSource | undefined;
  /**
   * Machines that are judged to be lost, by name: their owner says that they are off, they have power and do nothing, or the
   * provider has them no more.
   */
  readonly lost?: ReadonlyMap<string, 'off' | 'hanging' | 'gone'> | undefined;
  /** What the distribution knows of its nodes. */
  readonly rules: NodeRules;
}
