import type { ClusterRef, Machine, Slot } from '../domain/machine.js';
import type { Secret } from '../domain/secret.js';
import type { ErrorCode } from '../errors/index.js';

/** Every call that touches the network takes these. */
export interface CallOptions {
  readonly signal: AbortSignal;
  /** Told what is being waited for, in a few words, for progress lines. */
  readonly progress?: ((text: string) => void) | undefined;
}

export interface Location {
  readonly name: string;
  readonly city: string;
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string;
  /** Machines on one private network must share it. */
  readonly zone: string;
}

export interface Offer {
  readonly location: string;
  readonly available: boolean;
  /** Net prices in `Catalog.currency`. */
  readonly hourly: number;
  readonly monthly: number;
  /** ISO 8601, when the type can no longer be ordered there. */
  readonly unavailableAfter?: string | undefined;
}

export interface MachineType {
  readonly name: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly diskGB: number;
  /** Undefined where only the machine itself can tell. */
  readonly architecture: 'amd64' | 'arm64' | undefined;
  /** One per location where it is offered at all. */
  readonly offers: readonly Offer[];
  /** ISO 8601, when the type can no longer be ordered. */
  readonly unavailableAfter?: string | undefined;
}

export interface LocatedPrice {
  readonly location: string;
  readonly monthly: number;
}

export interface Catalog {
  readonly locations: readonly Location[];
  readonly machineTypes: readonly MachineType[];
  /** ISO 4217; empty where nothing has a price. */
  readonly currency: string;
  /** Net, per GB and month. */
  readonly volumeMonthly: number;
  /** Of a load balancer in front of the API, and of a machine's public IPv4 address: net, per month, by location. */
  readonly balancers: readonly LocatedPrice[];
  readonly addresses: readonly LocatedPrice[];
}

/** What is asked for when the cluster file leaves it open. */
export interface ProviderDefaults {
  readonly controlPlaneType: string;
  readonly workerType: string;
  readonly location: string;
  readonly image: string;
}

export interface MachineRequest extends Slot {
  readonly name: string;
  /** In order of preference; the next is tried when one is sold out. */
  readonly types: readonly string[];
  readonly location: string;
  /** Other locations, in order, where none of the types is to be had at the first. */
  readonly elsewhere?: readonly string[] | undefined;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** All a provider must know of a cluster to judge it and to lay its infrastructure. */
export interface ClusterRequest {
  readonly cluster: ClusterRef;
  /** Every machine the cluster shall have, existing ones included. */
  readonly machines: readonly MachineRequest[];
  readonly locations: readonly string[];
  readonly networkRange: string;
  /** CIDRs, `self` resolved. */
  readonly sshAllow: readonly string[];
  readonly apiAllow: readonly string[];
  /** OpenSSH public key of the cluster's key pair. */
  readonly sshPublicKey: string;
  /** The address the file reserves for the API, where there is no balancer. */
  readonly apiAddress?: string | undefined;
  /** `preflight.accept` of the file: codes of findings on hosts that are gone on with. */
  readonly accept: readonly string[];
  /** Whether traffic between nodes is to be encrypted, which hosts must be able to. */
  readonly encryption: 'wireguard' | 'none';
  /** Of a cluster that the provider runs itself, control plane and all. Undefined of others. */
  readonly managed?: { readonly version: string } | undefined;
}

/** Something that would make the command fail later, found before the first change. */
export interface Problem {
  /** Stable, upper case: `UNKNOWN_TYPE`, `TOKEN_READ_ONLY`, `OUTSIDE_RESIDENCY`. */
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** `usage`: the request is wrong (exit 2). `refused`: it is understood, and unsafe or impossible now (exit 3). */
  readonly kind: 'usage' | 'refused';
  /** Each place where it shows, one a line. */
  readonly details?: readonly string[] | undefined;
  /** Path in the cluster file, such as `pools[0].type`. */
  readonly path?: string | undefined;
}

/** What machines stand on: an SSH key, network, firewall, placement group, load balancer for the API. */
export interface InfrastructureResource {
  /** Unique in the cluster and stable: `network`, `placement:web:2`. */
  readonly id: string;
  /** Name at the provider. */
  readonly name: string;
  /** Reads as a plan line: `create private network demo 10.0.0.0/16`, `change firewall demo: SSH from …`. */
  readonly text: string;
  readonly state: 'present' | 'missing' | 'differs';
  /** Resources of the same plan that must exist first. */
  readonly needs: readonly InfrastructureResource[];
  /** What it does for the cluster, where others must know. */
  readonly role?: ApiBalancer | ClusterKey | undefined;
  /** What `ensure` would return, when the resource is present. */
  readonly ready?: CreatedResource | undefined;
}

/** The role of the load balancer in front of the API. At most one resource of a cluster has it. */
export interface ApiBalancer {
  readonly kind: 'api-balancer';
  /** Where it is or will be: its price depends on that. */
  readonly location: string;
}

/** The role of the SSH key that machines are made with. At most one resource of a cluster has it. */
export interface ClusterKey {
  readonly kind: 'cluster-key';
}

export interface CreatedResource {
  /** Provider's id. */
  readonly id: string;
  /** For the API's balancer: where machines reach it. */
  readonly address?: string | undefined;
}

/** Provider ids by the resource's id. */
export type InfrastructureIds = ReadonlyMap<string, CreatedResource>;

export interface Infrastructure {
  /** Looks; changes nothing. Resources come in an order in which they can be made. */
  plan(request: ClusterRequest, options: CallOptions): Promise<readonly InfrastructureResource[]>;
  /** Makes or repairs one resource; one that is already right is success. */
  ensure(resource: InfrastructureResource, made: InfrastructureIds, options: CallOptions): Promise<CreatedResource>;
  /** Those of the resources that a machine needs before it can be created. */
  neededBy(machine: MachineRequest, resources: readonly InfrastructureResource[]): readonly InfrastructureResource[];
  /** Everything of the cluster's infrastructure that exists now, found by label, in an order in which it can be removed. */
  list(cluster: ClusterRef, options: CallOptions): Promise<readonly ExistingResource[]>;
  /** Resolves once the item is gone; one already gone is success. */
  remove(item: ExistingResource, options: CallOptions): Promise<void>;
}

export interface ExistingResource {
  /** `network`, `firewall`, `load balancer`, `placement group`, `SSH key`. */
  readonly kind: string;
  readonly id: string;
  readonly name: string;
}

export interface DeleteOptions {
  /** Its owner says that it is off and stays so: a host that cannot be asked to let go is given up. */
  readonly isOff?: boolean | undefined;
}

export interface Machines {
  /** What exists now, found by the cluster's labels. The answer wins over any record of ours. */
  list(cluster: ClusterRef, options: CallOptions): Promise<readonly Machine[]>;
  /**
   * Resolves once the machine runs and has its addresses. Asking again for a name that exists returns that machine
   * if it carries this cluster's labels, at whatever stage it is.
   * @throws RefusedError code NAME_TAKEN when the name belongs to something that is not ours.
   * @throws IncompleteError code RESOURCE_LIMIT when the account's quota is reached, SOLD_OUT when no type is left.
   */
  create(request: MachineRequest, userData: string, made: InfrastructureIds, options: CallOptions): Promise<Machine>;
  /** Resolves once the machine is gone; one already gone is success. */
  delete(machine: Pick<Machine, 'id' | 'name'>, options: CallOptions & DeleteOptions): Promise<void>;
  /**
   * What `create` would do for each request, by machine name, as a plan line: `create cax21 in fsn1`,
   * `take rack1-a (10.0.0.11)`. Looks; changes nothing.
   */
  previewCreate(
    cluster: ClusterRef,
    requests: readonly MachineRequest[],
    options: CallOptions,
  ): Promise<ReadonlyMap<string, string>>;
  /** What `delete` takes away or leaves, for the question before it: `cax21 in fsn1, with everything on its disk`. */
  describeDeletion(machine: Machine): string;
  reboot(machine: Pick<Machine, 'id' | 'name'>, options: CallOptions): Promise<void>;
}

/** Something the cluster itself made at the provider: a Service's load balancer, a volume of a claim. */
export interface ClusterOwnedResource {
  readonly kind: 'load-balancer' | 'volume';
  readonly id: string;
  readonly name: string;
  /** How it is known to be this cluster's: `target demo-web-1-x7k2p`, `label pvc-name=data-0`. */
  readonly because: string;
  readonly sizeGB?: number | undefined;
  /** Of the catalogue's locations. */
  readonly location: string;
  /** Net, in the catalogue's currency. */
  readonly monthly: number;
}

/** What Kubernetes must know of a provider. Nothing above the port switches on a provider's name instead. */
export interface KubernetesIntegration {
  /** True when an external cloud controller sets addresses and provider ids: kubelets start with `cloud-provider=external`. */
  readonly externalCloudProvider: boolean;
  /** Who gives Services of type LoadBalancer their address: a controller of the provider, or k3s on the nodes' own. */
  readonly serviceLoadBalancer: 'provider' | 'nodes';
  /** Default storage class; undefined where k3s's own local-path is all there is. */
  readonly storageClass: string | undefined;
  /** Components (names of folders in templates/components) without which nodes do not work here: the cloud controller. */
  readonly required: readonly string[];
  /** Components that belong to the baseline here only: the CSI driver. */
  readonly baseline: readonly string[];
  /** What templates are given as `provider`, beside its name: nothing secret. */
  templateValues(
    cluster: ClusterRef,
    spec: { readonly locations: readonly string[] },
  ): Readonly<Record<string, unknown>>;
  /** What its components' Secrets are made of, by the name of the environment variable: the token. */
  secret(variable: string): Secret | undefined;
  /** `hcloud://4711`; undefined where nodes have none. */
  providerId(machine: Pick<Machine, 'id'>): string | undefined;
}

/** A cluster known only by labels: those of its machines or, where it has none, of what the provider runs for it. */
export interface FoundCluster extends ClusterRef {
  readonly machines: number;
  /** What it is made of, by the label; undefined where nothing that runs has one. */
  readonly distribution?: string | undefined;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What holds of a provider whatever the cluster. Nobody asks for its name, or for the shape of the cluster file, instead. */
export interface ProviderTraits {
  /** It makes and deletes machines. Where not, they are the hosts that the cluster file lists, claimed and released. */
  readonly ownsMachines: boolean;
  /**
   * A firewall of the provider's stands before the machines. Where not, `ssh.allow` and `kubernetes.api.allow` are left to
   * whoever owns the network, and `self` needs no address.
   */
  readonly managesFirewall: boolean;
  /** Machines may come with Kubernetes labels of their own (`Machine.nodeLabels`), known only once one is chosen. */
  readonly bringsNodeLabels: boolean;
  /** What only looks as if it ran in its clusters, for people: `workloads`, `DNS`. Create and status say so. */
  readonly simulated: readonly string[];
  /** Milliseconds that a machine which should run may take to answer SSH. */
  readonly answersWithinMs: number;
}

export interface MachineProvider {
  /** As in `provider.name`: `hetzner`. */
  readonly name: string;
  /** For people: `Hetzner Cloud`. */
  readonly title: string;
  readonly defaults: ProviderDefaults;
  /** Longest machine name, in characters. */
  readonly nameLimit: number;
  readonly traits: ProviderTraits;
  readonly kubernetesIntegration: KubernetesIntegration;
  readonly infrastructure: Infrastructure;
  readonly machines: Machines;
  catalog(options: CallOptions): Promise<Catalog>;
  /** Everything that can be known wrong before anything is billed. All problems at once. */
  preflight(request: ClusterRequest, options: CallOptions): Promise<readonly Problem[]>;
  /**
   * What is wrong with the credential, codes TOKEN_REJECTED and TOKEN_READ_ONLY: for work that asks nothing else of the
   * provider. `preflight` looks at it, too.
   */
  credentialProblem(options: CallOptions): Promise<Problem | undefined>;
  /** Clusters found by label, for `cluster list` and for a workspace that was lost. */
  clusters(options: CallOptions): Promise<readonly FoundCluster[]>;
  /** Machines of which `clusters` could not find out whose they are, each with its remedy. */
  unreachable(options: CallOptions): Promise<readonly Problem[]>;
  /** Load balancers and volumes that the cluster made, matched by label, network and target. */
  ownedResources(cluster: ClusterRef, options: CallOptions): Promise<readonly ClusterOwnedResource[]>;
  removeOwnedResource(item: ClusterOwnedResource, options: CallOptions): Promise<void>;
  /**
   * Marks it as the cluster's, so that `ownedResources` finds it when the machines and the network that told of it are gone.
   * Something that is gone itself is success.
   */
  labelOwnedResource(cluster: ClusterRef, item: ClusterOwnedResource, options: CallOptions): Promise<void>;
  /** This computer's public address as the provider's machines see it, as a CIDR; undefined when it cannot be known. */
  ownAddress(options: CallOptions): Promise<string | undefined>;
}

/** An ability: machines are reached by way of another address and port than their own (NAT, a forwarder). */
export interface Forwarding {
  /** Where this computer finds `port` of the machine with this public address. */
  forward(address: string, port: number, options: CallOptions): Promise<Endpoint>;
}

export const canForward = <P extends MachineProvider>(provider: P): provider is P & Forwarding => 'forward' in provider;

/** An ability: a machine can be given another place in its cluster while it runs. Standbys need it. */
export interface Relabelling {
  /**
   * Gives a machine this name and exactly these labels, both at once; what has them already is success.
   * @throws RefusedError code NAME_TAKEN when the name belongs to another machine
   */
  relabel(
    machine: Pick<Machine, 'id' | 'name'>,
    as: Pick<MachineRequest, 'name' | 'labels'>,
    options: CallOptions,
  ): Promise<Machine>;
}

export const canRelabel = <P extends MachineProvider>(provider: P): provider is P & Relabelling =>
  'relabel' in provider;

/** An ability: a machine's power can be cut without asking the machine. */
export interface PowerSwitch {
  /** Resolves once it is off, and stays so; one that is off already, or gone, is success. */
  powerOff(machine: Pick<Machine, 'id' | 'name'>, options: CallOptions): Promise<void>;
}

export const canPowerOff = <P extends MachineProvider>(provider: P): provider is P & PowerSwitch =>
  'powerOff' in provider;
