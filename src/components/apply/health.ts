import type { HealthTarget } from '../types.js';
import type { KindRef, KubeObject } from '../../kube/types.js';

export type HealthState = 'healthy' | 'progressing' | 'missing' | 'failed';

export interface Health {
  readonly state: HealthState;
  /** In a few words: `2 of 3 replicas are available`. */
  readonly why: string;
}

const groups: Readonly<Record<string, string>> = {
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  Job: 'batch/v1',
  Service: 'v1',
  PersistentVolumeClaim: 'v1',
  APIService: 'apiregistration.k8s.io/v1',
  CustomResourceDefinition: 'apiextensions.k8s.io/v1',
};

/** Kinds that a person may name without their group. */
export const kindOf = ({ apiVersion, kind }: Pick<HealthTarget, 'apiVersion' | 'kind'>): KindRef => ({
  apiVersion: apiVersion ?? groups[kind] ?? 'v1',
  kind,
});

export const nameOf = ({ kind, namespace, name }: Pick<HealthTarget, 'kind' | 'namespace' | 'name'>): string =>
  `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;

interface Wire {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
  readonly generation: number;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
}

/** Whether an object does what it is there for, of what is known about its kind; others are asked for `Ready`. */
export function healthOf(object: KubeObject | undefined): Health {
  if (!object) return { state: 'missing', why: 'it does not exist' };
  const wire = wireOf(object);
  if (number(wire.status, 'observedGeneration', wire.generation) < wire.generation)
    return progressing('its controller has not seen the last change');
  switch (object.kind) {
    case 'Deployment':
      return deployment(wire);
    case 'StatefulSet':
      return statefulSet(wire);
    case 'DaemonSet':
      return daemonSet(wire);
    case 'Job':
      return job(wire);
    case 'Service':
      return service(wire);
    case 'PersistentVolumeClaim':
      return phase(wire, 'Bound');
    case 'CustomResourceDefinition':
      return byCondition(wire, 'Established');
    case 'APIService':
      return byCondition(wire, 'Available');
    case 'ValidatingAdmissionPolicy':
      return admissionPolicy(wire);
    default:
      return byCondition(wire, 'Ready');
  }
}

const healthy: Health = { state: 'healthy', why: '' };
const progressing = (why: string): Health => ({ state: 'progressing', why });

function deployment({ spec, status }: Wire): Health {
  const desired = number(spec, 'replicas', 1);
  const stuck = conditionOf(status, 'Progressing');
  if (stuck?.status === 'False')
    return { state: 'failed', why: `it makes no progress${stuck.message ? `: ${stuck.message}` : ''}` };
  return replicas(desired, status, 'availableReplicas', number(status, 'updatedReplicas', 0));
}

function statefulSet({ spec, status }: Wire): Health {
  const desired = number(spec, 'replicas', 1);
  const strategy = (spec['updateStrategy'] as { readonly type?: string } | undefined)?.type;
  const rolling = strategy !== 'OnDelete' && status['updateRevision'] !== status['currentRevision'];
  const updated = rolling ? number(status, 'updatedReplicas', 0) : desired;
  return replicas(desired, status, 'readyReplicas', updated);
}

function replicas(desired: number, status: Wire['status'], ready: string, updated: number): Health {
  if (updated < desired) return progressing(`${updated} of ${desired} replicas are of the last version`);
  const there = number(status, ready, 0);
  if (there < desired) return progressing(`${there} of ${desired} replicas are available`);
  return healthy;
}

function daemonSet({ status }: Wire): Health {
  const desired = number(status, 'desiredNumberScheduled', -1);
  if (desired < 0) return progressing('its controller has not seen it yet');
  const updated = number(status, 'updatedNumberScheduled', desired);
  if (updated < desired) return progressing(`${updated} of ${desired} pods are of the last version`);
  const there = number(status, 'numberAvailable', 0);
  return there < desired ? progressing(`${there} of ${desired} pods are available`) : healthy;
}

function job({ status }: Wire): Health {
  const failed = conditionOf(status, 'Failed');
  if (failed?.status === 'True') return { state: 'failed', why: failed.message ?? failed.reason ?? 'it failed' };
  return conditionOf(status, 'Complete')?.status === 'True' ? healthy : progressing('it has not finished');
}

function service({ spec, status }: Wire): Health {
  if (spec['type'] !== 'LoadBalancer') return healthy;
  const { ingress = [] } = (status['loadBalancer'] ?? {}) as { readonly ingress?: readonly unknown[] };
  return ingress.length > 0 ? healthy : progressing('it has no address yet');
}

function phase({ status }: Wire, desired: string): Health {
  const found = status['phase'];
  return found === desired ? healthy : progressing(`it is ${typeof found === 'string' ? found : 'not there yet'}`);
}

/** One that the API found faults in refuses everything it looks at, or nothing. */
function admissionPolicy({ status }: Wire): Health {
  const { expressionWarnings: [fault] = [] } = (status['typeChecking'] ?? {}) as {
    readonly expressionWarnings?: readonly { readonly fieldRef?: string; readonly warning?: string }[];
  };
  return fault ? { state: 'failed', why: `${fault.fieldRef ?? 'it'}: ${fault.warning ?? 'unsound'}` } : healthy;
}

function byCondition({ status, generation }: Wire, type: string): Health {
  const found = conditionOf(status, type);
  if (!found) return progressing(`nothing is said about ${type} yet`);
  if (found.status !== 'True') return progressing(found.message ?? found.reason ?? `${type} is ${found.status}`);
  return (found.observedGeneration ?? generation) < generation
    ? progressing('its controller has not seen the last change')
    : healthy;
}

function conditionOf(status: Wire['status'], type: string): Condition | undefined {
  return ((status['conditions'] ?? []) as readonly Condition[]).find((one) => one.type === type);
}

function wireOf(object: KubeObject): Wire {
  return {
    spec: (object['spec'] ?? {}) as Wire['spec'],
    status: (object['status'] ?? {}) as Wire['status'],
    generation: Number(object.metadata['generation'] ?? 0),
  };
}

function number(from: Readonly<Record<string, unknown>>, key: string, otherwise: number): number {
  const value = from[key];
  return typeof value === 'number' ? value : otherwise;
}
