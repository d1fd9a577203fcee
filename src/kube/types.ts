import type { ErrorCode } from '../errors/index.js';
import type { Boundary } from '../domain/boundary.js';
import type { Clock } from '../domain/clock.js';
import type { DrainView } from '../domain/drain.js';
import type { Secret } from '../domain/secret.js';
import type { Findings } from '../domain/findings.js';

export interface NodeTaint {
  readonly key: string;
  readonly value?: string | undefined;
  readonly effect: string;
}

/** A node, reduced to what decisions need. */
export interface NodeFacts {
  readonly name: string;
  readonly ready: boolean;
  /** Since when it has not been Ready, by the cluster's clock, in ISO 8601; undefined where it is, or nothing says so. */
  readonly notReadySince?: string | undefined;
  /** Why not, from the Ready condition's message. */
  readonly notReadyBecause?: string | undefined;
  /** Its kubelet's: `v1.36.5`, with what a distribution adds. */
  readonly version: string;
  readonly schedulable: boolean;
  /** What its kubelet runs short of, in words: `disk space`. Undefined: of nothing. */
  readonly shortOf?: readonly string[] | undefined;
  readonly controlPlane: boolean;
  /** Its conditions by their type, and whether they hold. */
  readonly conditions: Readonly<Record<string, boolean>>;
  readonly address: string | undefined;
  readonly providerId: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
  readonly createdAt: string;
}

export interface NodePatch {
  /** Null removes a label. */
  readonly labels?: Readonly<Record<string, string | null>> | undefined;
  /** Null removes an annotation. */
  readonly annotations?: Readonly<Record<string, string | null>> | undefined;
  /** Replaces all taints. */
  readonly taints?: readonly NodeTaint[] | undefined;
  readonly unschedulable?: boolean | undefined;
}

export interface KubeOptions {
  readonly signal: AbortSignal;
  readonly progress?: ((text: string) => void) | undefined;
}

/** Any Kubernetes object. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
    readonly annotations?: Readonly<Record<string, string>> | undefined;
    readonly resourceVersion?: string | undefined;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface DrainOptions extends KubeOptions {
  /** Milliseconds until giving up on pods that do not leave. */
  readonly deadlineMs: number;
  /** Goes on although pods keep data on this node's own disk: it stays behind with the node. */
  readonly allowLocalData?: boolean | undefined;
  /** Pods, as `namespace/pod`, that are evicted although they keep data on this node's own disk or nothing starts them again. */
  readonly lose?: ReadonlySet<string> | undefined;
  /** The node is used further when it is not empty at the deadline; otherwise it stays cordoned for the next run. */
  readonly uncordonAtDeadline?: boolean | undefined;
}

export interface ListQuery {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** What an object must still be to be deleted. */
export interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export interface Grace {
  /** 0: a pod is deleted at once, whether or not its kubelet has ended it: only where that kubelet is known to be off. */
  readonly gracePeriodSeconds?: number | undefined;
}

/** How long to wait, and what to do when it never happens. */
export interface UntilOptions extends KubeOptions {
  /** Milliseconds. */
  readonly deadlineMs: number;
  readonly hint: string;
}

export interface NodeUntilOptions extends UntilOptions {
  /** What a node that is there still lacks, in words, where that is more than any node may lack. */
  readonly lacks?: ((node: NodeFacts) => string | undefined) | undefined;
}

/** A kind of objects, everywhere or in one namespace. */
export interface KindRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
}

export type ObjectRef = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>;

/** What a wait knows of the kinds it follows. A kind that the cluster does not serve (yet) has no objects. */
export interface ObjectView {
  get(ref: ObjectRef): KubeObject | undefined;
  all(kind: Pick<KindRef, 'apiVersion' | 'kind'>): readonly KubeObject[];
}

export interface ObjectWait<T> {
  /** Reads after "waiting for": `traefik/traefik to be available`. */
  readonly what: string;
  /** Of the error at the deadline. */
  readonly code: ErrorCode;
  readonly kinds: readonly KindRef[];
  /** Called once everything is known, and at every change. Undefined: not yet. What it throws ends the wait. */
  check(view: ObjectView, say: (seen: string) => void): T | undefined;
}

export interface ServedKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface AccountRef {
  readonly namespace: string;
  readonly name: string;
}

export interface AccountToken {
  readonly token: Secret;
  /** ISO 8601. */
  readonly expires: string;
}

/** A port of this computer that leads into a pod, for one connection. */
export interface Forwarded {
  readonly host: string;
  readonly port: number;
  readonly close: () => void;
}

export interface LogOptions extends KubeOptions {
  readonly container?: string | undefined;
  /** Of the container's run before this one. */
  readonly previous?: boolean | undefined;
  readonly tailLines?: number | undefined;
}

/** One shared watch on nodes: any number of waits cost one connection. */
export interface NodeWatch {
  /**
   * Resolves with the node once `ready(node)` holds (`node` undefined: it does not exist).
   * @throws IncompleteError code NODE_TIMEOUT at the deadline: node, what was awaited, last state, hint.
   */
  until(
    name: string,
    what: string,
    ready: (node: NodeFacts | undefined) => boolean,
    options: NodeUntilOptions,
  ): Promise<NodeFacts | undefined>;
  close(): void;
}

/** The Kubernetes API as far as Slipway needs it. Fails over between the kubeconfig's servers. */
export interface Kube {
  /**
   * True when some server answers /readyz. Never throws for an API that does not answer.
   * @throws IncompleteError code KUBE_UNAUTHORIZED where one answers that does not accept the credentials
   */
  reachable(options: KubeOptions): Promise<boolean>;
  /** What the API server runs: `v1.36.5`, with what a distribution adds. */
  version(options: KubeOptions): Promise<string>;
  nodes(options: KubeOptions): Promise<readonly NodeFacts[]>;
  watchNodes(signal: AbortSignal): NodeWatch;
  patchNode(name: string, patch: NodePatch, options: KubeOptions): Promise<void>;
  /**
   * Cordons with a mark (`cordonedAnnotation`), then evicts every pod but DaemonSets' and mirror pods, respecting PodDisruptionBudgets.
   * Uncordons again when refused or interrupted, unless somebody else had cordoned it.
   * @throws RefusedError code LOCAL_DATA or UNMANAGED_PODS, naming the pods, with nothing changed; IncompleteError with the
   * same codes where the node could not be uncordoned again.
   * @throws IncompleteError code DRAIN_TIMEOUT at the deadline: each pod that stayed, and what holds it.
   */
  drain(name: string, options: DrainOptions): Promise<void>;
  /** What runs on these nodes and what holds it there, to find what would refuse their drains before the first. */
  drainView(nodes: readonly string[], options: KubeOptions): Promise<DrainView>;
  /** Already gone is success. */
  deleteNode(name: string, options: KubeOptions): Promise<void>;
  /**
   * Waits on any kinds of objects. Waits that follow the same kind share one watch.
   * @throws IncompleteError with the wait's code at the deadline: what was awaited, last seen, hint; what `check` throws.
   */
  until<T>(wait: ObjectWait<T>, options: UntilOptions): Promise<T>;
  get(ref: ObjectRef, options: KubeOptions): Promise<KubeObject | undefined>;
  list(apiVersion: string, kind: string, query: ListQuery, options: KubeOptions): Promise<readonly KubeObject[]>;
  /** Server-side apply with field manager `slipway`. With `dryRun` the answer tells what it would come to. */
  apply(
    object: KubeObject,
    options: KubeOptions & { readonly force?: boolean; readonly dryRun?: boolean },
  ): Promise<KubeObject>;
  /** Undefined: there is one of that name already. Of any number that ask at once, one gets it. */
  create(object: KubeObject, options: KubeOptions): Promise<KubeObject | undefined>;
  /** Merges these fields into an object that still has their `resourceVersion`. Undefined: it is another by now, or gone. */
  patch(object: KubeObject, options: KubeOptions): Promise<KubeObject | undefined>;
  /**
   * With `uid` this very object only: another that took its name meanwhile stays; with `resourceVersion` only while it is as
   * it was read. Already gone is success.
   */
  delete(ref: ObjectRef, options: KubeOptions & Preconditions & Grace): Promise<void>;
  /** What a pod wrote. Undefined: the pod, or that run of its container, is gone. */
  podLog(namespace: string, pod: string, options: LogOptions): Promise<string | undefined>;
  /** Opens a way to a port inside a pod, past what networks and policies let through. */
  forward(namespace: string, pod: string, port: number, options: KubeOptions): Promise<Forwarded>;
  /**
   * A token of a ServiceAccount that ends by itself.
   * @param seconds how long it shall last; the API may give less
   */
  accountToken(account: AccountRef, seconds: number, options: KubeOptions): Promise<AccountToken>;
  /** Every kind that can be listed, once each, in the version the API prefers. */
  kinds(options: KubeOptions): Promise<readonly ServedKind[]>;
  close(): void;
}

export interface KubeContext {
  readonly kubeconfig: Secret;
  readonly boundary: Boundary;
  readonly clock: Clock;
  /** Which certificates of servers were found good before; without it each is verified anew. */
  readonly findings?: Findings | undefined;
}
