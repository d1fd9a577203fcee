import { contained } from '../../report-fault.js';
import type { SandboxClock } from '../../types.js';
import { budgetStatus } from '../eviction.js';
import type { Obj } from '../objects.js';
import type { Change, ObjectStore } from '../store.js';
import { ClusterState, type ControllerTimes } from './cluster.js';
import { isNodeReady } from './conditions.js';
import { dropEndpoints, endpoints } from './endpoints.js';
import { mirrorEndpoints } from './mirrored-endpoints.js';
import { collectOrphans, deleteWith, emptyNamespace, finishForeground, type Propagation } from './garbage.js';
import { runJob } from './jobs.js';
import { Kubelets } from './kubelet.js';
import { kubernetesService } from './kubernetes-service.js';
import { provisionNamespace } from './namespaces.js';
import { NodeController } from './nodes.js';
import { reconcileOperator, operatedKinds } from './operators.js';
import { PodGarbage } from './pod-garbage.js';
import { PodLogs, type Program } from './programs.js';
import { schedule } from './scheduler.js';
import { allocate, nodeBalancer } from './services.js';
import { TaintEviction } from './taint-eviction.js';
import { bindClaim, releaseVolume } from './volumes.js';
import { daemonSet, deployment, replicaSet, statefulSet } from './workloads.js';

export interface ControllerOptions extends ControllerTimes {
  readonly clock: SandboxClock;
  /** Programs that pods run, where they do more than serve. */
  readonly programs?: readonly Program[] | undefined;
  /** k3s gives services of type LoadBalancer the nodes' addresses. */
  readonly serviceLoadBalancer?: boolean | undefined;
}

/** Kinds whose changes have the workloads looked at. */
const looked = new Set([
  'pods',
  'nodes',
  'deployments',
  'replicasets',
  'daemonsets',
  'statefulsets',
  'jobs',
  'services',
  'endpoints',
  'endpointslices',
  'persistentvolumeclaims',
  'storageclasses',
  'namespaces',
  'serviceaccounts',
  'poddisruptionbudgets',
]);

/** What runs inside a cluster: scheduler, kubelets, workloads, jobs, volumes, services, nodes, garbage collection. */
export class Controllers {
  readonly cluster: ClusterState;
  readonly logs = new PodLogs();
  readonly #kubelets: Kubelets;
  readonly #nodes: NodeController;
  readonly #evictions: TaintEviction;
  readonly #garbage: PodGarbage;
  readonly #operated: ReadonlySet<string>;
  #stop: (() => void) | undefined;
  #queued = false;

  constructor(
    private readonly store: ObjectStore,
    private readonly options: ControllerOptions,
  ) {
    this.cluster = new ClusterState(store, options.clock, options, () => this.#queue());
    this.#kubelets = new Kubelets(this.cluster, options.programs ?? [], this.logs);
    this.#nodes = new NodeController(this.cluster, (pod) => this.#kubelets.silent(pod));
    this.#evictions = new TaintEviction(this.cluster);
    this.#garbage = new PodGarbage(this.cluster);
    this.#operated = new Set(operatedKinds.map(({ group, kind }) => `${group}/${kind}`));
  }

  start(): void {
    this.#stop ??= this.store.watch((change) => this.#seen(change));
    contained('Service default/kubernetes', () => kubernetesService(this.cluster));
    this.#queue();
    for (const pod of this.store.peek(this.cluster.pods))
      contained(`Pod ${pod.metadata.name}`, () => this.#kubelets.see(pod));
    for (const namespace of this.cluster.all('v1', 'Namespace')) provisionNamespace(this.cluster, namespace);
    for (const node of this.cluster.all('v1', 'Node')) this.#evictions.see(node);
    this.#garbage.look();
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#nodes.stop();
    this.#evictions.stop();
  }

  /** A kubelet is alive. */
  heartbeat(name: string): void {
    this.#nodes.heartbeat(name);
  }

  /** Marks a pod as on its way out; its kubelet ends it. */
  terminate(pod: Obj): Obj | undefined {
    return this.cluster.terminate(pod);
  }

  delete(object: Obj, propagation: Propagation): Obj {
    return deleteWith(this.cluster, object, propagation);
  }

  #seen({ resource, object, type }: Change): void {
    if (type === 'DELETED') {
      collectOrphans(this.cluster, object);
      finishForeground(this.cluster, object);
      if (object.metadata.namespace !== undefined) this.#leftNamespace(object.metadata.namespace);
    }
    if (resource.plural === 'pods') {
      if (type === 'ADDED') this.#garbage.look();
      if (type === 'DELETED') this.#kubelets.gone(object);
      else this.#kubelets.see(object);
    }
    if (resource.plural === 'nodes') this.#node(object, type);
    if (resource.plural === 'persistentvolumeclaims' && type === 'DELETED') releaseVolume(this.cluster, object);
    if (resource.group === '' && resource.plural === 'services' && type === 'DELETED')
      dropEndpoints(this.cluster, object);
    if (resource.plural === 'namespaces' && type === 'ADDED') provisionNamespace(this.cluster, object);
    if (resource.plural === 'namespaces' && object.metadata.deletionTimestamp && type === 'MODIFIED')
      emptyNamespace(this.cluster, object.metadata.name);
    if (['secrets', 'configmaps', 'persistentvolumeclaims', 'volumeattachments'].includes(resource.plural))
      this.#kubelets.lookAgain();
    const operated = this.#operated.has(`${resource.group}/${resource.kind}`);
    if (looked.has(resource.plural) || operated) this.#queue();
  }

  #leftNamespace(name: string): void {
    const namespace = this.store.look(this.cluster.kind('v1', 'Namespace'), '', name);
    if (namespace?.metadata.deletionTimestamp) emptyNamespace(this.cluster, name);
  }

  #node(node: Obj, type: Change['type']): void {
    this.#garbage.look();
    if (type === 'DELETED') return this.#evictions.gone(node.metadata.name);
    if (isNodeReady(node)) for (const pod of this.cluster.podsOn(node.metadata.name)) this.#kubelets.see(pod);
    this.#nodes.unschedulable(node);
    this.#evictions.see(node);
  }

  /** Workloads are looked at together, after the changes of this moment. */
  #queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    setImmediate(() => {
      this.#queued = false;
      if (this.#stop) this.#work();
    });
  }

  /** One object that a controller cannot cope with holds up no other. */
  #work(): void {
    const { cluster } = this;
    const each = (apiVersion: string, kind: string, work: (one: Obj) => void): void => {
      for (const one of cluster.all(apiVersion, kind))
        contained(`${kind} ${one.metadata.namespace ?? ''}/${one.metadata.name}`, () => work(one));
    };
    each('apps/v1', 'Deployment', (one) => deployment(cluster, one));
    each('apps/v1', 'ReplicaSet', (one) => replicaSet(cluster, one));
    each('apps/v1', 'StatefulSet', (one) => statefulSet(cluster, one));
    each('apps/v1', 'DaemonSet', (one) => daemonSet(cluster, one));
    each('batch/v1', 'Job', (one) => runJob(cluster, one));
    each('v1', 'Pod', (pod) => {
      if (!pod.spec?.['nodeName'] && !pod.metadata.deletionTimestamp) schedule(cluster, pod);
    });
    each('v1', 'PersistentVolumeClaim', (one) => bindClaim(cluster, one));
    each('v1', 'Service', (one) => {
      allocate(cluster, one);
      endpoints(cluster, one);
      if (this.options.serviceLoadBalancer) nodeBalancer(cluster, one);
    });
    each('v1', 'Endpoints', (one) => mirrorEndpoints(cluster, one));
    contained('Service default/kubernetes', () => kubernetesService(cluster));
    each('policy/v1', 'PodDisruptionBudget', (one) => this.#budget(one));
    for (const resource of this.store.resources.all())
      if (this.#operated.has(`${resource.group}/${resource.kind}`))
        for (const one of this.store.peek(resource))
          contained(`${resource.kind} ${one.metadata.name}`, () => void reconcileOperator(cluster, one));
  }

  #budget(one: Obj): void {
    const { healthy, expected, desired, allowed } = budgetStatus(this.store, one);
    this.cluster.status(one, {
      observedGeneration: one.metadata.generation,
      currentHealthy: healthy,
      desiredHealthy: desired,
      expectedPods: expected,
      disruptionsAllowed: allowed,
    });
  }
}

export { conditionOf, setReady } from './conditions.js';
export { isRenewal } from './node-lease.js';
