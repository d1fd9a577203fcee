import { isPodReady } from '../eviction.js';
import { clone, type Obj } from '../objects.js';
import { selectsNode } from '../scheduling/node-choice.js';
import type { ClusterState } from './cluster.js';
import { hashOf, ownerOf } from './conditions.js';
import { createPod } from './pod-creation.js';
import { boundTo, daemonSpec, nodeOf, wantsDaemon } from './scheduler.js';

interface Template {
  readonly metadata?: { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec: Record<string, unknown>;
}

interface WorkloadSpec {
  readonly replicas?: number;
  readonly template: Template;
  readonly podManagementPolicy?: string;
  readonly volumeClaimTemplates?: readonly Obj[];
  readonly updateStrategy?: { readonly type?: string };
}

const specOf = (object: Obj): WorkloadSpec => object.spec as unknown as WorkloadSpec;
const revisionAnnotation = 'deployment.kubernetes.io/revision';
const revisionLabel = 'controller-revision-hash';

/** The ReplicaSets of a deployment: a new one for each template, the old ones go once the new one is there. */
export function deployment(cluster: ClusterState, deployment: Obj): void {
  const { replicas = 1, template } = specOf(deployment);
  const hash = hashOf(template);
  const sets = cluster.owned(deployment, 'apps/v1', 'ReplicaSet');
  const current = sets.find((set) => set.metadata.labels?.['pod-template-hash'] === hash);
  const labels = { ...template.metadata?.labels, 'pod-template-hash': hash };
  const revision = revised(sets, current);
  if (!current) {
    cluster.store.create(cluster.kind('apps/v1', 'ReplicaSet'), {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${deployment.metadata.name}-${hash}`,
        namespace: deployment.metadata.namespace!,
        labels,
        annotations: { [revisionAnnotation]: revision },
        ownerReferences: [ownerOf(deployment)],
      },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { ...clone(template), metadata: { ...template.metadata, labels } },
      },
    });
  } else if (current.spec?.['replicas'] !== replicas) scale(cluster, current, replicas);
  for (const one of [deployment, ...(current ? [current] : [])]) {
    if (one.metadata.annotations?.[revisionAnnotation] === revision) continue;
    cluster.change(
      one,
      ({ metadata }) => void (metadata.annotations = { ...metadata.annotations, [revisionAnnotation]: revision }),
    );
  }
  const ready = Number(current?.status?.['readyReplicas'] ?? 0);
  if (current && ready >= replicas) for (const old of sets) if (old !== current) scale(cluster, old, 0);
  const updated = Number(current?.status?.['replicas'] ?? 0);
  const available = ready >= replicas;
  cluster.status(deployment, {
    observedGeneration: deployment.metadata.generation,
    ...counted({
      replicas: updated,
      updatedReplicas: updated,
      readyReplicas: ready,
      availableReplicas: ready,
      unavailableReplicas: Math.max(0, replicas - ready),
    }),
    conditions: [
      {
        type: 'Available',
        status: available ? 'True' : 'False',
        reason: available ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
      },
      {
        type: 'Progressing',
        status: 'True',
        reason: available ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
      },
    ],
  });
}

/** A deployment counts what there is; a count of none is left out. */
const counted = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));

/** The number of the template that counts: one more than all others, also when an old one comes back. */
function revised(sets: readonly Obj[], current: Obj | undefined): string {
  const number = (set: Obj): number => Number(set.metadata.annotations?.[revisionAnnotation] ?? 0);
  const others = Math.max(0, ...sets.filter((set) => set !== current).map(number));
  return String(current && number(current) > others ? number(current) : others + 1);
}

function scale(cluster: ClusterState, set: Obj, replicas: number): void {
  if (set.spec?.['replicas'] !== replicas) cluster.change(set, (one) => void (one.spec = { ...one.spec, replicas }));
}

/** Pods of a ReplicaSet. */
export function replicaSet(cluster: ClusterState, set: Obj): void {
  const desired = specOf(set).replicas ?? 1;
  const pods = alive(cluster, set);
  for (let index = pods.length; index < desired; index += 1)
    makePod(
      cluster,
      set,
      `${set.metadata.name}-${hashOf([set.metadata.uid, index, cluster.store.version]).slice(0, 5)}`,
    );
  for (const pod of pods.slice(desired)) cluster.terminate(pod);
  const ready = pods.filter(isPodReady).length;
  cluster.status(set, {
    observedGeneration: set.metadata.generation,
    replicas: pods.length,
    readyReplicas: ready,
    availableReplicas: ready,
  });
}

/** Pods of a StatefulSet, in their order, each with claims of its own. */
export function statefulSet(cluster: ClusterState, set: Obj): void {
  const { replicas = 1, template, podManagementPolicy, volumeClaimTemplates = [], updateStrategy } = specOf(set);
  const revision = `${set.metadata.name}-${hashOf(template).slice(0, 7)}`;
  const all = cluster.owned(set, 'v1', 'Pod');
  const ordinal = (pod: Obj): number => Number(pod.metadata.name.slice(set.metadata.name.length + 1));
  for (let index = 0; index < replicas; index += 1) {
    const name = `${set.metadata.name}-${index}`;
    const there = all.find((pod) => pod.metadata.name === name);
    if (!there) {
      for (const claim of volumeClaimTemplates) makeClaim(cluster, set, claim, name);
      makePod(cluster, set, name, { labels: { [revisionLabel]: revision }, claims: volumeClaimTemplates });
    }
    if (podManagementPolicy !== 'Parallel' && (!there || !isPodReady(there))) break;
  }
  for (const pod of all) if (ordinal(pod) >= replicas) cluster.terminate(pod);
  const pods = all.filter(({ metadata }) => !metadata.deletionTimestamp);
  const updated = pods.filter((pod) => pod.metadata.labels?.[revisionLabel] === revision);
  const ready = pods.filter(isPodReady).length;
  // One at a time, the last first, while the others are well.
  const old = pods.filter((pod) => !updated.includes(pod)).sort((a, b) => ordinal(b) - ordinal(a));
  if (updateStrategy?.type !== 'OnDelete' && old[0] && ready === replicas && pods.length === all.length)
    cluster.terminate(old[0]);
  cluster.status(set, {
    observedGeneration: set.metadata.generation,
    replicas: pods.length,
    readyReplicas: ready,
    availableReplicas: ready,
    currentReplicas: updated.length,
    updatedReplicas: updated.length,
    currentRevision: old.length === 0 ? revision : (set.status?.['currentRevision'] ?? revision),
    updateRevision: revision,
    collisionCount: 0,
  });
}

function makeClaim(cluster: ClusterState, set: Obj, claim: Obj, pod: string): void {
  const kind = cluster.kind('v1', 'PersistentVolumeClaim');
  const namespace = set.metadata.namespace!;
  const name = `${claim.metadata.name}-${pod}`;
  if (cluster.store.look(kind, namespace, name)) return;
  const { matchLabels = {} } = (set.spec?.['selector'] ?? {}) as { matchLabels?: Record<string, string> };
  cluster.store.create(kind, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, labels: { ...matchLabels, ...claim.metadata.labels } },
    spec: clone(claim.spec ?? {}),
    status: { phase: 'Pending' },
  });
}

/** One pod on each node that fits. */
export function daemonSet(cluster: ClusterState, set: Obj): void {
  const { template, updateStrategy } = specOf(set);
  const revision = hashOf(template).slice(0, 7);
  const probe = { apiVersion: 'v1', kind: 'Pod', metadata: { name: '' }, spec: daemonSpec(template.spec) } as Obj;
  const nodes = cluster.all('v1', 'Node').filter((node) => wantsDaemon(probe, node));
  const all = cluster.owned(set, 'v1', 'Pod');
  const pods = all.filter((pod) => !pod.metadata.deletionTimestamp);
  for (const node of nodes) {
    if (all.some((pod) => nodeOf(pod) === node.metadata.name)) continue;
    const name = `${set.metadata.name}-${hashOf([set.metadata.uid, node.metadata.name, cluster.store.version]).slice(0, 5)}`;
    makePod(cluster, set, name, { labels: { [revisionLabel]: revision }, node: node.metadata.name });
  }
  const known = new Map(cluster.all('v1', 'Node').map((node) => [node.metadata.name, node]));
  for (const pod of pods) {
    const node = known.get(nodeOf(pod) ?? '');
    // A taint that came later drives nobody out; another selection does, and the end of the node.
    if (!node || !selectsNode(probe, node)) cluster.terminate(pod);
  }
  const updated = pods.filter((pod) => pod.metadata.labels?.[revisionLabel] === revision);
  const ready = pods.filter(isPodReady).length;
  const old = pods.find((pod) => !updated.includes(pod));
  if (updateStrategy?.type !== 'OnDelete' && old && ready >= nodes.length && pods.length === all.length)
    cluster.terminate(old);
  cluster.status(set, {
    observedGeneration: set.metadata.generation,
    desiredNumberScheduled: nodes.length,
    currentNumberScheduled: pods.length,
    updatedNumberScheduled: updated.length,
    numberReady: ready,
    numberAvailable: ready,
    numberMisscheduled: 0,
    ...(ready < nodes.length ? { numberUnavailable: nodes.length - ready } : {}),
  });
}

const alive = (cluster: ClusterState, owner: Obj): readonly Obj[] =>
  cluster.owned(owner, 'v1', 'Pod').filter((pod) => !pod.metadata.deletionTimestamp);

interface PodExtras {
  readonly labels?: Record<string, string>;
  readonly node?: string;
  readonly claims?: readonly Obj[];
}

function makePod(cluster: ClusterState, owner: Obj, name: string, { labels, node, claims = [] }: PodExtras = {}): void {
  const { template } = specOf(owner);
  const spec = clone(node === undefined ? template.spec : boundTo(template.spec, node));
  const own = claims.map(({ metadata }) => ({
    name: metadata.name,
    persistentVolumeClaim: { claimName: `${metadata.name}-${name}` },
  }));
  createPod(cluster, owner, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: owner.metadata.namespace!,
      labels: { ...template.metadata?.labels, ...labels },
      ...(template.metadata?.annotations ? { annotations: { ...template.metadata.annotations } } : {}),
      ownerReferences: [ownerOf(owner)],
    },
    spec: {
      terminationGracePeriodSeconds: 30,
      ...spec,
      ...(own.length > 0 ? { volumes: [...((spec['volumes'] ?? []) as unknown[]), ...own] } : {}),
    },
    status: { phase: 'Pending' },
  });
}
