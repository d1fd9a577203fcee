import { eventDefaults } from './events.js';
import { isMap, type Obj } from './objects.js';
import type { Resource } from './resources.js';

type Fields = Record<string, unknown>;

/** Sets what an object leaves open. Fields that stand in the way with null count as left out. */
function fill(object: Fields, values: Fields): Fields {
  for (const [field, value] of Object.entries(values)) object[field] ??= value;
  return object;
}

const maps = (value: unknown): Fields[] => (Array.isArray(value) ? (value as unknown[]).filter(isMap) : []);
const map = (value: unknown): Fields => (isMap(value) ? value : {});

/** What the API fills in. Changes the object. */
export function defaults(resource: Resource, object: Obj): void {
  if (resource.group === '') core(resource, object);
  if (resource.group === 'apps') workload(resource, object);
  if (resource.group === 'batch') batch(resource, object);
  if (resource.kind === 'CustomResourceDefinition') definition(object);
}

function core({ plural }: Resource, object: Obj): void {
  if (plural === 'secrets') {
    const strings = object['stringData'] as Record<string, string> | undefined;
    if (strings) {
      const encoded = Object.entries(strings).map(
        ([key, value]) => [key, Buffer.from(value).toString('base64')] as const,
      );
      object['data'] = { ...(object['data'] as object | undefined), ...Object.fromEntries(encoded) };
      delete object['stringData'];
    }
    object['type'] ??= 'Opaque';
  }
  if (plural === 'events') fill(object, eventDefaults);
  if (plural === 'namespaces') {
    object.status ??= { phase: 'Active' };
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
  }
  if (plural === 'pods') {
    object.status ??= { phase: 'Pending', qosClass: 'BestEffort' };
    object.spec = podSpec({ ...object.spec });
    fill(object.spec, { enableServiceLinks: true });
  }
  if (plural === 'services') service(object);
}

function service(object: Obj): void {
  const spec = fill({ ...object.spec }, { type: 'ClusterIP', sessionAffinity: 'None' });
  object.spec = spec;
  const { type } = spec;
  if (type !== 'ExternalName') fill(spec, { internalTrafficPolicy: 'Cluster' });
  if (type === 'NodePort' || type === 'LoadBalancer') fill(spec, { externalTrafficPolicy: 'Cluster' });
  if (type === 'LoadBalancer') fill(spec, { allocateLoadBalancerNodePorts: true });
  if (Array.isArray(spec['ports']))
    spec['ports'] = maps(spec['ports']).map((port) => ({ protocol: 'TCP', targetPort: port['port'], ...port }));
}

/** Of a pod, or of a template for one. */
function podSpec(spec: Fields): Fields {
  fill(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
  if (typeof spec['serviceAccountName'] === 'string') fill(spec, { serviceAccount: spec['serviceAccountName'] });
  for (const field of ['containers', 'initContainers'])
    if (Array.isArray(spec[field])) spec[field] = maps(spec[field]).map((one) => container({ ...one }));
  if (Array.isArray(spec['volumes'])) spec['volumes'] = maps(spec['volumes']).map(volume);
  return spec;
}

function container(one: Fields): Fields {
  const image = typeof one['image'] === 'string' ? one['image'] : '';
  const tag = /:([^/@]+)$/.exec(image)?.[1] ?? (image.includes('@') ? image : 'latest');
  fill(one, {
    imagePullPolicy: tag === 'latest' ? 'Always' : 'IfNotPresent',
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
  if (Array.isArray(one['ports'])) one['ports'] = maps(one['ports']).map((port) => ({ protocol: 'TCP', ...port }));
  if (Array.isArray(one['env']))
    one['env'] = maps(one['env']).map((variable) => {
      const from = map(variable['valueFrom']);
      if (!isMap(from['fieldRef'])) return variable;
      return { ...variable, valueFrom: { ...from, fieldRef: { apiVersion: 'v1', ...from['fieldRef'] } } };
    });
  for (const field of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    if (isMap(one[field])) one[field] = probe({ ...one[field] });
  return one;
}

function probe(one: Fields): Fields {
  fill(one, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  if (isMap(one['httpGet'])) one['httpGet'] = fill({ ...one['httpGet'] }, { path: '/', scheme: 'HTTP' });
  return one;
}

const modes: Fields = { defaultMode: 0o644 };

function volume(one: Fields): Fields {
  const result = { ...one };
  for (const source of ['secret', 'configMap', 'downwardAPI', 'projected'])
    if (isMap(result[source])) result[source] = { ...modes, ...result[source] };
  if (isMap(result['hostPath'])) result['hostPath'] = { type: '', ...result['hostPath'] };
  return result;
}

function template(spec: Fields): void {
  if (!isMap(spec['template'])) return;
  spec['template'] = { ...spec['template'], spec: podSpec({ ...map(spec['template']['spec']) }) };
}

function workload({ plural }: Resource, object: Obj): void {
  const spec: Fields = { ...object.spec };
  object.spec = spec;
  if (plural !== 'daemonsets') fill(spec, { replicas: 1 });
  template(spec);
  if (plural === 'replicasets') return;
  fill(spec, { revisionHistoryLimit: 10 });
  if (plural === 'deployments') {
    fill(spec, { progressDeadlineSeconds: 600 });
    spec['strategy'] = strategy(map(spec['strategy']), { maxSurge: '25%', maxUnavailable: '25%' });
  }
  if (plural === 'daemonsets')
    spec['updateStrategy'] = strategy(map(spec['updateStrategy']), { maxSurge: 0, maxUnavailable: 1 });
  if (plural === 'statefulsets') {
    fill(spec, {
      podManagementPolicy: 'OrderedReady',
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
    });
    spec['updateStrategy'] = strategy(map(spec['updateStrategy']), { partition: 0 });
  }
}

function strategy(given: Fields, rolling: Fields): Fields {
  const type = given['type'] ?? 'RollingUpdate';
  if (type !== 'RollingUpdate') return { ...given, type };
  return { ...given, type, rollingUpdate: { ...rolling, ...map(given['rollingUpdate']) } };
}

function batch({ plural }: Resource, object: Obj): void {
  const spec: Fields = { ...object.spec };
  object.spec = spec;
  if (plural === 'jobs') {
    if (spec['completions'] === undefined && spec['parallelism'] === undefined) fill(spec, { completions: 1 });
    fill(spec, { parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false });
    template(spec);
  }
  if (plural === 'cronjobs')
    fill(spec, {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
}

function definition(object: Obj): void {
  const spec: Fields = { ...object.spec };
  object.spec = spec;
  fill(spec, { conversion: { strategy: 'None' } });
  if (!isMap(spec['names'])) return;
  const kind = String(spec['names']['kind']);
  spec['names'] = fill({ ...spec['names'] }, { singular: kind.toLowerCase(), listKind: `${kind}List` });
}
