import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { conditionOf, ownerOf, withCondition } from './conditions.js';

/** Kinds that somebody else's program makes Ready. */
interface Operator {
  readonly group: string;
  readonly kinds: readonly string[];
  /** Labels of the Deployments that must serve for that. */
  readonly deployments: readonly Readonly<Record<string, string>>[];
  /** What Ready brings besides. */
  readonly ready?: (cluster: ClusterState, object: Obj) => Record<string, unknown>;
  /** What it makes of the object, beside its status. */
  readonly makes?: (cluster: ClusterState, object: Obj) => void;
}

const nameLabel = 'app.kubernetes.io/name';
const certManager = [{ [nameLabel]: 'cert-manager' }, { [nameLabel]: 'webhook' }];
const prometheusOperator = [{ app: 'kube-prometheus-stack-operator' }];

const operators: readonly Operator[] = [
  { group: 'cert-manager.io', kinds: ['ClusterIssuer', 'Issuer'], deployments: certManager },
  { group: 'cert-manager.io', kinds: ['Certificate'], deployments: certManager, ready: certificate },
  {
    group: 'postgresql.cnpg.io',
    kinds: ['Cluster'],
    deployments: [{ [nameLabel]: 'cloudnative-pg' }],
    ready: (_, { spec }) => ({
      phase: 'Cluster in healthy state',
      instances: spec?.['instances'] ?? 1,
      readyInstances: spec?.['instances'] ?? 1,
    }),
  },
  {
    group: 'monitoring.coreos.com',
    kinds: ['Prometheus', 'Alertmanager'],
    deployments: prometheusOperator,
    makes: monitoringSet,
  },
];

/** Makes an object Ready some time after its operator serves. */
export function reconcileOperator(cluster: ClusterState, object: Obj): void {
  const operator = operators.find(
    ({ group, kinds }) => object.apiVersion.startsWith(`${group}/`) && kinds.includes(object.kind),
  );
  if (!operator || object.metadata.deletionTimestamp) return;
  const ready = conditionOf(object, 'Ready') as { status: string; observedGeneration?: number } | undefined;
  if (ready?.status === 'True' && ready.observedGeneration === object.metadata.generation) return;
  const serving = operator.deployments.every((labels) =>
    cluster
      .all('apps/v1', 'Deployment')
      .some(
        ({ metadata, status }) =>
          Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value) &&
          Number(status?.['readyReplicas'] ?? 0) > 0,
      ),
  );
  const waits = serving ? waitsFor(cluster, object) : undefined;
  if (!serving || waits !== undefined) {
    if (waits !== undefined) tell(cluster, object, 'False', waits);
    return;
  }
  operator.makes?.(cluster, object);
  tell(cluster, object, 'True', '', operator.ready?.(cluster, object));
}

/** A certificate is made once its issuer is Ready. */
function waitsFor(cluster: ClusterState, object: Obj): string | undefined {
  if (object.kind !== 'Certificate') return undefined;
  const { name = '', kind = 'Issuer' } = (object.spec?.['issuerRef'] ?? {}) as { name?: string; kind?: string };
  const resource = cluster.store.resources.byKind('cert-manager.io/v1', kind);
  const issuer =
    resource && cluster.store.look(resource, resource.namespaced ? (object.metadata.namespace ?? '') : '', name);
  if (!issuer) return `Referenced "${kind}" not found: ${kind.toLowerCase()}.cert-manager.io "${name}" not found`;
  return conditionOf(issuer, 'Ready')?.status === 'True' ? undefined : `${kind} ${name} is not ready`;
}

/** The StatefulSet that Prometheus' operator makes. */
function monitoringSet(cluster: ClusterState, object: Obj): void {
  const { name, namespace = '' } = object.metadata;
  const spec = (object.spec ?? {}) as { replicas?: number; storage?: { volumeClaimTemplate?: { spec?: object } } };
  const kind = object.kind.toLowerCase();
  const labels = { 'app.kubernetes.io/name': kind, [kind]: name };
  const claim = spec.storage?.volumeClaimTemplate?.spec;
  const resource = cluster.kind('apps/v1', 'StatefulSet');
  const desired: Record<string, unknown> = {
    replicas: spec.replicas ?? 1,
    serviceName: `${kind}-operated`,
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: kind, image: `quay.io/prometheus/${kind}` }] } },
    ...(claim ? { volumeClaimTemplates: [{ metadata: { name: `${kind}-${name}-db` }, spec: claim }] } : {}),
  };
  const known = cluster.store.look(resource, namespace, `${kind}-${name}`);
  if (known) {
    cluster.change(known, (one) => void (one.spec = { ...one.spec, replicas: desired['replicas'] }));
    return;
  }
  cluster.store.create(resource, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: `${kind}-${name}`, namespace, labels, ownerReferences: [ownerOf(object)] },
    spec: desired,
  });
}

function certificate(cluster: ClusterState, object: Obj): Record<string, unknown> {
  const { namespace = '' } = object.metadata;
  const name = (object.spec?.['secretName'] ?? object.metadata.name) as string;
  const secrets = cluster.kind('v1', 'Secret');
  if (!cluster.store.look(secrets, namespace, name)) {
    const data = { 'tls.crt': 'c2FuZGJveA==', 'tls.key': 'c2FuZGJveA==' };
    const annotations = { 'cert-manager.io/certificate-name': object.metadata.name };
    cluster.store.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace, annotations },
      type: 'kubernetes.io/tls',
      data,
    });
  }
  return {};
}

function tell(
  cluster: ClusterState,
  object: Obj,
  status: string,
  message: string,
  more: Record<string, unknown> = {},
): void {
  cluster.change(object, (one) => {
    const condition = {
      type: 'Ready',
      status,
      reason: status === 'True' ? 'Ready' : 'Pending',
      message,
      lastTransitionTime: cluster.store.stamp(),
      observedGeneration: one.metadata.generation,
    };
    one.status = { ...one.status, ...more, conditions: withCondition(one, condition) };
  });
}

export const operatedKinds = operators.flatMap(({ group, kinds }) => kinds.map((kind) => ({ group, kind })));
