import type { SandboxClock } from '../types.js';
import { isPodReady } from './eviction.js';
import { clone, type Obj, same } from './objects.js';
import { matchesSelector } from './selectors.js';
import type { Change, ObjectStore } from './store.js';

export interface ControllerOptions {
  readonly clock: SandboxClock;
  readonly podStartMs: number;
  readonly podStopMs: number;
  readonly nodeLostMs: number;
}

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** What runs inside a cluster: scheduler, kubelets' pods, workloads' replicas, node health, namespaces. */
export class Controllers {
  readonly #heartbeats = new Map<string, () => void>();
  readonly #podNumbers = { next: 2 };
  #stop: (() => void) | undefined;
  #queued = false;

  constructor(
    private readonly store: ObjectStore,
    private readonly options: ControllerOptions,
  ) {}

  start(): void {
    this.#stop ??= this.store.watch((change) => this.seen(change));
    this.queue();
    for (const pod of this.store.peek(this.kind('v1', 'Pod'))) this.pod(pod);
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
    for (const cancel of this.#heartbeats.values()) cancel();
    this.#heartbeats.clear();
  }

  /** A kubelet is alive. Nothing is stored for it; only silence is. */
  heartbeat(name: string): void {
    this.#heartbeats.get(name)?.();
    this.#heartbeats.set(
      name,
      this.options.clock.after(this.options.nodeLostMs, () => this.lost(name)),
    );
    this.store.change(this.kind('v1', 'Node'), '', name, (node) => {
      if (conditionOf(node, 'Ready')?.status === 'Unknown')
        setReady(node, 'True', 'KubeletReady', 'kubelet is posting ready status', this.store.stamp());
      taints(node, (list) => list.filter(({ key }) => key !== 'node.kubernetes.io/unreachable'));
    });
  }

  private lost(name: string): void {
    this.#heartbeats.delete(name);
    const node = this.store.change(this.kind('v1', 'Node'), '', name, (object) => {
      setReady(object, 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.', this.store.stamp());
      taints(object, (list) => [...list, { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }]);
    });
    if (!node) return;
    for (const pod of this.podsOn(name)) this.readiness(pod, false);
  }

  private seen(change: Change): void {
    const { resource, object, type } = change;
    if (type === 'DELETED') this.orphans(object);
    if (resource.plural === 'pods') this.pod(object, type);
    if (resource.plural === 'nodes') {
      if (type === 'DELETED') for (const pod of this.podsOn(object.metadata.name)) this.remove(pod);
      else if (conditionOf(object, 'Ready')?.status === 'True')
        for (const pod of this.podsOn(object.metadata.name)) this.run(pod);
      this.unschedulable(object, type);
    }
    if (resource.plural === 'namespaces' && object.metadata.deletionTimestamp && type === 'MODIFIED')
      this.emptyNamespace(object.metadata.name);
    if (['pods', 'nodes', 'deployments', 'replicasets', 'daemonsets', 'statefulsets'].includes(resource.plural))
      this.queue();
  }

  /** Workloads are looked at together, after the changes of this moment. */
  private queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    setImmediate(() => {
      this.#queued = false;
      if (!this.#stop) return;
      for (const deployment of this.store.list(this.kind('apps/v1', 'Deployment'))) this.deployment(deployment);
      for (const set of this.store.list(this.kind('apps/v1', 'ReplicaSet'))) this.replicas(set);
      for (const set of this.store.list(this.kind('apps/v1', 'StatefulSet'))) this.replicas(set);
      for (const set of this.store.list(this.kind('apps/v1', 'DaemonSet'))) this.daemons(set);
      for (const pod of this.store.list(this.kind('v1', 'Pod')))
        if (!pod.spec?.['nodeName'] && !pod.metadata.deletionTimestamp) this.schedule(pod);
    });
  }

  private kind(apiVersion: string, kind: string) {
    return this.store.resource(apiVersion, kind);
  }

  private podsOn(node: string): readonly Obj[] {
    return this.store.peek(this.kind('v1', 'Pod')).filter((pod) => pod.spec?.['nodeName'] === node);
  }

  private unschedulable(node: Obj, type: Change['type']): void {
    if (type === 'DELETED') return;
    const key = 'node.kubernetes.io/unschedulable';
    const wanted = node.spec?.['unschedulable'] === true;
    const has = ((node.spec?.['taints'] ?? []) as Taint[]).some((taint) => taint.key === key);
    if (wanted === has) return;
    this.store.change(this.kind('v1', 'Node'), '', node.metadata.name, (object) =>
      taints(object, (list) =>
        wanted ? [...list, { key, effect: 'NoSchedule' }] : list.filter((taint) => taint.key !== key),
      ),
    );
  }

  private schedule(pod: Obj): void {
    const nodes = this.store.peek(this.kind('v1', 'Node')).filter((node) => fits(pod, node));
    const load = new Map(nodes.map((node) => [node.metadata.name, this.podsOn(node.metadata.name).length]));
    const best = nodes.sort((a, b) => load.get(a.metadata.name)! - load.get(b.metadata.name)!)[0];
    this.store.change(this.kind('v1', 'Pod'), pod.metadata.namespace ?? '', pod.metadata.name, (object) => {
      const scheduled = best
        ? { type: 'PodScheduled', status: 'True' }
        : {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: `0/${this.store.peek(this.kind('v1', 'Node')).length} nodes are available.`,
          };
      object.status = { ...object.status, conditions: withCondition(object, scheduled) };
      if (best) object.spec = { ...object.spec, nodeName: best.metadata.name };
    });
  }

  /** What a kubelet does with its pods. */
  private pod(pod: Obj, type: Change['type'] = 'MODIFIED'): void {
    if (type === 'DELETED') return;
    if (pod.metadata.deletionTimestamp && type === 'MODIFIED') return this.end(pod);
    this.run(pod);
  }

  private run(pod: Obj): void {
    const node = pod.spec?.['nodeName'];
    if (typeof node !== 'string' || isPodReady(pod) || pod.status?.['phase'] === 'Succeeded') return;
    const again = pod.status?.['phase'] === 'Running';
    const { uid } = pod.metadata;
    this.options.clock.after(again ? 0 : this.options.podStartMs, () => {
      const current = this.store.find(this.kind('v1', 'Pod'), pod.metadata.namespace ?? '', pod.metadata.name);
      const host = this.store.find(this.kind('v1', 'Node'), '', node);
      if (
        current &&
        current.metadata.uid === uid &&
        !isPodReady(current) &&
        host &&
        conditionOf(host, 'Ready')?.status === 'True'
      )
        this.readiness(current, true);
    });
  }

  private readiness(pod: Obj, ready: boolean): void {
    this.store.change(this.kind('v1', 'Pod'), pod.metadata.namespace ?? '', pod.metadata.name, (object) => {
      const containers = (object.spec?.['containers'] ?? []) as { name: string; image: string }[];
      object.status = {
        ...object.status,
        phase: 'Running',
        startTime: object.status?.['startTime'] ?? this.store.stamp(),
        podIP:
          object.status?.['podIP'] ??
          `10.42.${Math.floor(this.#podNumbers.next / 250)}.${(this.#podNumbers.next++ % 250) + 2}`,
        conditions: withCondition(object, { type: 'Ready', status: ready ? 'True' : 'False' }),
        containerStatuses: containers.map(({ name, image }) => ({
          name,
          image,
          imageID: '',
          ready,
          started: ready,
          restartCount: 0,
          state: { running: { startedAt: this.store.stamp() } },
        })),
      };
    });
  }

  private end(pod: Obj): void {
    this.options.clock.after(this.options.podStopMs, () => this.remove(pod));
  }

  private remove(pod: Obj): void {
    const current = this.store.find(this.kind('v1', 'Pod'), pod.metadata.namespace ?? '', pod.metadata.name);
    if (current && current.metadata.uid === pod.metadata.uid)
      this.store.remove(this.kind('v1', 'Pod'), pod.metadata.namespace ?? '', pod.metadata.name);
  }

  private deployment(deployment: Obj): void {
    const spec = deployment.spec as {
      replicas: number;
      selector: unknown;
      template: { metadata?: { labels?: Record<string, string> } };
    };
    const hash = hashOf(spec.template);
    const sets = this.owned(deployment, 'apps/v1', 'ReplicaSet');
    const current = sets.find((set) => set.metadata.labels?.['pod-template-hash'] === hash);
    const labels = { ...spec.template.metadata?.labels, 'pod-template-hash': hash };
    if (!current) {
      this.store.create(this.kind('apps/v1', 'ReplicaSet'), {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: {
          name: `${deployment.metadata.name}-${hash}`,
          namespace: deployment.metadata.namespace!,
          labels,
          ownerReferences: [ownerOf(deployment)],
        },
        spec: {
          replicas: spec.replicas,
          selector: { matchLabels: labels },
          template: { ...clone(spec.template), metadata: { ...spec.template.metadata, labels } },
        },
      });
    } else if (current.spec?.['replicas'] !== spec.replicas) {
      this.store.change(
        this.kind('apps/v1', 'ReplicaSet'),
        current.metadata.namespace!,
        current.metadata.name,
        (set) => void (set.spec = { ...set.spec, replicas: spec.replicas }),
      );
    }
    const ready = Number(current?.status?.['readyReplicas'] ?? 0);
    // The old ones go once the new ones are there.
    if (current && ready >= spec.replicas) {
      for (const old of sets)
        if (old !== current)
          this.store.change(
            this.kind('apps/v1', 'ReplicaSet'),
            old.metadata.namespace!,
            old.metadata.name,
            (set) => void (set.spec = { ...set.spec, replicas: 0 }),
          );
    }
    this.status(deployment, {
      observedGeneration: deployment.metadata.generation,
      replicas: Number(current?.status?.['replicas'] ?? 0),
      updatedReplicas: Number(current?.status?.['replicas'] ?? 0),
      readyReplicas: ready,
      availableReplicas: ready,
      conditions: [
        { type: 'Available', status: ready >= spec.replicas ? 'True' : 'False', reason: 'MinimumReplicasAvailable' },
      ],
    });
  }

  private replicas(set: Obj): void {
    const wanted = Number(set.spec?.['replicas'] ?? 1);
    const pods = this.owned(set, 'v1', 'Pod').filter((pod) => !pod.metadata.deletionTimestamp);
    const ordinal = set.kind === 'StatefulSet';
    const name = (index: number): string =>
      ordinal
        ? `${set.metadata.name}-${index}`
        : `${set.metadata.name}-${hashOf([set.metadata.uid, index, this.store.version]).slice(0, 5)}`;
    for (let index = 0; pods.length + index < wanted; index += 1) {
      const free = ordinal
        ? Array.from({ length: wanted }, (_, at) => name(at)).find(
            (one) => !this.store.find(this.kind('v1', 'Pod'), set.metadata.namespace!, one),
          )
        : name(index);
      if (free === undefined) break;
      this.makePod(set, free);
    }
    for (const pod of pods.slice(wanted)) this.terminate(pod);
    const ready = pods.filter(isPodReady).length;
    this.status(set, {
      observedGeneration: set.metadata.generation,
      replicas: pods.length,
      readyReplicas: ready,
      availableReplicas: ready,
      currentReplicas: pods.length,
    });
  }

  private daemons(set: Obj): void {
    const template = set.spec?.['template'] as { spec: Record<string, unknown> };
    const probe = { apiVersion: 'v1', kind: 'Pod', metadata: { name: '' }, spec: daemonSpec(template.spec) } as Obj;
    const nodes = this.store.peek(this.kind('v1', 'Node')).filter((node) => fits(probe, node, true));
    const pods = this.owned(set, 'v1', 'Pod').filter((pod) => !pod.metadata.deletionTimestamp);
    for (const node of nodes) {
      if (!pods.some((pod) => pod.spec?.['nodeName'] === node.metadata.name))
        this.makePod(
          set,
          `${set.metadata.name}-${hashOf([set.metadata.uid, node.metadata.name, this.store.version]).slice(0, 5)}`,
          node.metadata.name,
        );
    }
    const ready = pods.filter(isPodReady).length;
    this.status(set, {
      observedGeneration: set.metadata.generation,
      desiredNumberScheduled: nodes.length,
      currentNumberScheduled: pods.length,
      updatedNumberScheduled: pods.length,
      numberReady: ready,
      numberAvailable: ready,
      numberMisscheduled: 0,
    });
  }

  private makePod(owner: Obj, name: string, node?: string): void {
    const template = owner.spec?.['template'] as {
      metadata?: { labels?: Record<string, string> };
      spec: Record<string, unknown>;
    };
    this.store.create(this.kind('v1', 'Pod'), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace: owner.metadata.namespace!,
        labels: { ...template.metadata?.labels },
        ownerReferences: [ownerOf(owner)],
      },
      spec: {
        terminationGracePeriodSeconds: 30,
        ...clone(node === undefined ? template.spec : daemonSpec(template.spec)),
        ...(node === undefined ? {} : { nodeName: node }),
      },
      status: { phase: 'Pending' },
    });
  }

  /** Marks a pod as on its way out; its kubelet ends it. */
  terminate(pod: Obj): Obj | undefined {
    return this.store.change(this.kind('v1', 'Pod'), pod.metadata.namespace ?? '', pod.metadata.name, (object) => {
      object.metadata.deletionTimestamp = this.store.stamp();
      object.metadata.deletionGracePeriodSeconds = Number(object.spec?.['terminationGracePeriodSeconds'] ?? 30);
    });
  }

  private owned(owner: Obj, apiVersion: string, kind: string): readonly Obj[] {
    return this.store
      .peek(this.kind(apiVersion, kind), owner.metadata.namespace)
      .filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid));
  }

  /** Background garbage collection. */
  private orphans(owner: Obj): void {
    for (const resource of this.store.resources.all()) {
      for (const object of this.store.peek(resource, owner.metadata.namespace ?? '')) {
        if (!object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid)) continue;
        if (resource.plural === 'pods') this.terminate(object);
        else this.store.delete(resource, object.metadata.namespace ?? '', object.metadata.name);
      }
    }
  }

  private emptyNamespace(name: string): void {
    for (const resource of this.store.resources.all()) {
      if (!resource.namespaced) continue;
      for (const object of this.store.peek(resource, name)) this.store.remove(resource, name, object.metadata.name);
    }
    this.store.remove(this.kind('v1', 'Namespace'), '', name);
  }

  private status(object: Obj, status: Record<string, unknown>): void {
    if (same(object.status, status)) return;
    this.store.change(
      this.kind(object.apiVersion, object.kind),
      object.metadata.namespace ?? '',
      object.metadata.name,
      (current) => void (current.status = status),
    );
  }
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export const conditionOf = (object: Obj, type: string): Condition | undefined =>
  ((object.status?.['conditions'] ?? []) as Condition[]).find((one) => one.type === type);

const withCondition = (object: Obj, condition: Condition): Condition[] => [
  ...((object.status?.['conditions'] ?? []) as Condition[]).filter(({ type }) => type !== condition.type),
  condition,
];

/** Sets a node's Ready condition. */
export function setReady(node: Obj, status: string, reason: string, message: string, stamp: string): void {
  if (conditionOf(node, 'Ready')?.status === status) return;
  node.status = {
    ...node.status,
    conditions: withCondition(node, { type: 'Ready', status, reason, message, lastTransitionTime: stamp }),
  };
}

function taints(node: Obj, change: (list: Taint[]) => Taint[]): void {
  const before = (node.spec?.['taints'] ?? []) as Taint[];
  const after = change(before).filter(
    (taint, index, all) => all.findIndex((other) => other.key === taint.key && other.effect === taint.effect) === index,
  );
  if (same(before, after)) return;
  const { taints: _before, ...rest } = node.spec ?? {};
  node.spec = after.length === 0 ? rest : { ...rest, taints: after };
}

/** A DaemonSet's pods stay where the node is cordoned, lost or not ready. */
const daemonSpec = (spec: Record<string, unknown>): Record<string, unknown> => ({
  ...spec,
  tolerations: [
    ...((spec['tolerations'] ?? []) as unknown[]),
    ...['unschedulable', 'unreachable', 'not-ready'].map((name) => ({
      key: `node.kubernetes.io/${name}`,
      operator: 'Exists',
    })),
  ],
});

/** Whether a pod may be placed on a node: Ready, not cordoned, selector, affinity and taints. */
function fits(pod: Obj, node: Obj, daemon = false): boolean {
  if (!daemon && conditionOf(node, 'Ready')?.status !== 'True') return false;
  const spec = pod.spec ?? {};
  const labels = node.metadata.labels ?? {};
  if (
    !Object.entries((spec['nodeSelector'] ?? {}) as Record<string, string>).every(
      ([key, value]) => labels[key] === value,
    )
  )
    return false;
  const terms = (
    spec['affinity'] as
      | {
          nodeAffinity?: {
            requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: { matchExpressions?: unknown[] }[] };
          };
        }
      | undefined
  )?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms && !terms.some(({ matchExpressions }) => matchesSelector({ matchExpressions }, labels))) return false;
  const tolerations = (spec['tolerations'] ?? []) as {
    key?: string;
    operator?: string;
    value?: string;
    effect?: string;
  }[];
  return ((node.spec?.['taints'] ?? []) as Taint[])
    .filter(({ effect }) => effect !== 'PreferNoSchedule')
    .every((taint) =>
      tolerations.some(
        ({ key, operator, value, effect }) =>
          (effect === undefined || effect === '' || effect === taint.effect) &&
          (operator === 'Exists'
            ? key === undefined || key === taint.key
            : key === taint.key && (value ?? '') === (taint.value ?? '')),
      ),
    );
}

const ownerOf = ({ apiVersion, kind, metadata }: Obj) => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid!,
  controller: true,
  blockOwnerDeletion: true,
});

/** Short and the same each time for the same value. */
function hashOf(value: unknown): string {
  let hash = 2_166_136_261;
  for (const character of JSON.stringify(value)) hash = Math.imul(hash ^ character.charCodeAt(0), 16_777_619) >>> 0;
  return hash.toString(36).padStart(7, '0');
}
