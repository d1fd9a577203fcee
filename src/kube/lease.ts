import { type OperationLease } from '../domain/lease.js';
import type { Kube, KubeObject, KubeOptions } from './types.js';

/** Where the Lease is: of any number of runs on a cluster, whatever their workspaces, at most one has it. */
export const leaseName = { namespace: 'kube-system', name: 'slipway-operation' } as const;

const ref = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: leaseName } as const;
const operationAnnotation = 'slipway.dev/operation';

/** A Lease as it was read, by which a change proves that nobody came in between. */
export interface StoredLease extends OperationLease {
  readonly uid: string;
  readonly version: string;
}

export async function readLease(kube: Pick<Kube, 'get'>, options: KubeOptions): Promise<StoredLease | undefined> {
  const object = await kube.get(ref, options);
  return object && stored(object);
}

/** Undefined: there is one by now. */
export async function createLease(
  kube: Pick<Kube, 'create'>,
  lease: OperationLease,
  options: KubeOptions,
): Promise<StoredLease | undefined> {
  const object = await kube.create(fieldsOf(lease), options);
  return object && stored(object);
}

/** Undefined: it was changed or removed since it was read. */
export async function replaceLease(
  kube: Pick<Kube, 'patch'>,
  { uid, version }: StoredLease,
  lease: OperationLease,
  options: KubeOptions,
): Promise<StoredLease | undefined> {
  const fields = fieldsOf(lease);
  const metadata = { ...fields.metadata, uid, resourceVersion: version };
  const object = await kube.patch({ ...fields, metadata }, options);
  return object && stored(object);
}

/** Removes what was read and nothing else. */
export async function removeLease(
  kube: Pick<Kube, 'delete'>,
  { uid, version }: StoredLease,
  options: KubeOptions,
): Promise<void> {
  await kube.delete(ref, { ...options, uid, resourceVersion: version });
}

const fieldsOf = (lease: OperationLease): KubeObject => ({
  ...ref,
  metadata: { ...leaseName, annotations: { [operationAnnotation]: lease.operation ?? '' } },
  spec: {
    holderIdentity: lease.identity,
    acquireTime: microTime(lease.acquiredAt),
    renewTime: microTime(lease.renewedAt),
    leaseDurationSeconds: Math.ceil(lease.durationMs / 1000),
  },
});

function stored({ metadata, spec }: KubeObject): StoredLease {
  // Anybody may have written it.
  const fields = (typeof spec === 'object' && spec !== null ? spec : {}) as Readonly<Record<string, unknown>>;
  const seconds = fields['leaseDurationSeconds'];
  return {
    identity: typeof fields['holderIdentity'] === 'string' ? fields['holderIdentity'] : '',
    operation: metadata.annotations?.[operationAnnotation],
    acquiredAt: millisecondsOf(fields['acquireTime']),
    renewedAt: millisecondsOf(fields['renewTime']),
    durationMs: typeof seconds === 'number' ? seconds * 1000 : 0,
    uid: String(metadata['uid']),
    version: metadata.resourceVersion ?? '',
  };
}

/** The API takes no other form: six digits of a second. */
const microTime = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().replace('Z', '000Z');

function millisecondsOf(time: unknown): number | undefined {
  const ms = typeof time === 'string' ? Date.parse(time) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
