import type { ClusterState } from '../kube-api/controllers/cluster.js';
import { changeTaints, conditionOf } from '../kube-api/controllers/conditions.js';
import type { Program, ProgramRun } from '../kube-api/controllers/programs.js';
import { isPodReady } from '../kube-api/eviction.js';
import type { Obj } from '../kube-api/objects.js';
import type { Change } from '../kube-api/store.js';
import { contained, reportFault } from '../report-fault.js';
import { CloudError } from './cloud-client.js';

const uninitialized = 'node.cloudprovider.kubernetes.io/uninitialized';
const startMs = 1_000;
/** How often nodes that are not Ready are held against the cloud; the real one's node-monitor-period. */
const lifecycleMs = 5_000;

/** What a cloud tells of the server that a node runs on. */
export interface CloudNode {
  readonly providerId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
}

/** What is particular about one cloud's controller. */
export interface ControlledCloud<C> {
  /** Whether a pod is one of it. */
  matches(pod: Obj): boolean;
  /** @throws CloudError with a token that the cloud does not take, or a network that is not there */
  open(pod: Obj): C;
  /** What its log says when it starts, and when it can't. */
  readonly started: string;
  failed(message: string): string;
  /** The server of this name. @throws CloudError */
  find(client: C, name: string): CloudNode | undefined;
  /** Whether the server of a provider id is gone for good. @throws CloudError */
  isGone(client: C, providerId: string): boolean;
  /** @returns whether there is more to do later. @throws CloudError */
  balance(client: C, service: Obj): boolean;
}

/**
 * A cloud's controller: as long as a pod of it serves, nodes get their provider id, addresses and labels and lose
 * the taint, nodes whose server is gone are deleted, and services of type LoadBalancer get one.
 */
export class CloudController<C> implements Program {
  #client: C | undefined;
  #queued = false;
  /** Nodes that are not Ready are looked up once in a period. */
  #period: 'none' | 'waits' | 'over' = 'none';

  constructor(
    private readonly cluster: () => ClusterState,
    private readonly cloud: ControlledCloud<C>,
  ) {}

  matches(pod: Obj): boolean {
    return this.cloud.matches(pod);
  }

  /** Ends at once with a token that the cloud does not take, or a network that is not there. */
  start(pod: Obj, log: (line: string) => void): ProgramRun {
    try {
      this.#client = this.cloud.open(pod);
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      log(this.cloud.failed(error.message));
      return { kind: 'ends', afterMs: startMs, end: () => 1 };
    }
    log(this.cloud.started);
    return { kind: 'serves' };
  }

  seen({ resource }: Pick<Change, 'resource'>): void {
    if (['nodes', 'services', 'pods'].includes(resource.plural)) this.queue();
  }

  queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    setImmediate(() => {
      this.#queued = false;
      contained('cloud controller', () => this.#work());
    });
  }

  /** As long as some node is silent, the next period begins. */
  #nextPeriod(): void {
    this.#period = 'none';
    if (
      this.cluster()
        .all('v1', 'Node')
        .some((node) => conditionOf(node, 'Ready')?.status === 'Unknown')
    )
      this.queue();
  }

  #work(): void {
    const cluster = this.cluster();
    const pod = cluster.all('v1', 'Pod', 'kube-system').find((one) => this.matches(one) && isPodReady(one));
    if (!pod) return;
    const later = (): void => void cluster.clock.after(lifecycleMs, () => this.queue());
    try {
      const client = (this.#client ??= this.cloud.open(pod));
      for (const node of cluster.all('v1', 'Node')) this.#each(node, () => this.#node(node, client));
      if (this.#period === 'over') this.#nextPeriod();
      let isWaiting = false;
      for (const service of cluster.all('v1', 'Service'))
        this.#each(service, () => (isWaiting = this.cloud.balance(client, service) || isWaiting));
      if (isWaiting) later();
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      // As the real one: it tries again later.
      later();
    }
  }

  /** One object that the controller cannot cope with holds up no other. @throws CloudError */
  #each({ kind, metadata }: Obj, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof CloudError) throw error;
      reportFault(`${kind} ${metadata.name}`, error);
    }
  }

  /** Deletes a node that is not Ready and whose server is gone for good, whoever has its name by now. */
  #lifecycle(node: Obj, client: C): void {
    if (conditionOf(node, 'Ready')?.status !== 'Unknown') return;
    const cluster = this.cluster();
    if (this.#period === 'none') {
      this.#period = 'waits';
      cluster.clock.after(lifecycleMs, () => {
        this.#period = 'over';
        this.queue();
      });
    }
    if (this.#period !== 'over') return;
    const id = node.spec?.['providerID'];
    if (typeof id === 'string' && this.cloud.isGone(client, id))
      cluster.store.delete(cluster.kind('v1', 'Node'), '', node.metadata.name);
  }

  #node(node: Obj, client: C): void {
    const { name } = node.metadata;
    const taints = (node.spec?.['taints'] ?? []) as { key: string }[];
    if (!taints.some(({ key }) => key === uninitialized)) return this.#lifecycle(node, client);
    const found = this.cloud.find(client, name);
    if (!found) return;
    this.cluster().change(node, (one) => {
      one.spec = { ...one.spec, providerID: found.providerId };
      changeTaints(one, (list) => list.filter(({ key }) => key !== uninitialized));
      one.metadata.labels = { ...one.metadata.labels, ...found.labels };
      one.status = { ...one.status, addresses: [{ type: 'Hostname', address: name }, ...found.addresses] };
    });
  }
}
