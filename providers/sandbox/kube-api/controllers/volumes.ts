import type { Obj } from '../objects.js';
import type { ClusterState, VolumeDriver } from './cluster.js';

const defaultMark = 'storageclass.kubernetes.io/is-default-class';

/** Drivers that come with k3s itself. */
const builtIn = new Set(['rancher.io/local-path']);

/** A claim without a class gets the default one; of two the younger, as the API does it. */
export function defaultClass(cluster: ClusterState): string | undefined {
  const marked = cluster
    .all('storage.k8s.io/v1', 'StorageClass')
    .filter(({ metadata }) => metadata.annotations?.[defaultMark] === 'true');
  const youngest = [...marked].sort((a, b) =>
    (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''),
  )[0];
  return youngest?.metadata.name;
}

/**
 * Binds a claim to a new volume of its class once the class's driver runs, and, where the class waits for that, once a
 * pod that uses it has its node.
 */
export function bindClaim(cluster: ClusterState, claim: Obj): void {
  if (claim.status?.['phase'] === 'Bound' || claim.metadata.deletionTimestamp) return;
  const spec = (claim.spec ?? {}) as { storageClassName?: string; accessModes?: string[]; resources?: Resources };
  const name = spec.storageClassName ?? defaultClass(cluster);
  const storageClass =
    name === undefined ? undefined : cluster.store.look(cluster.kind('storage.k8s.io/v1', 'StorageClass'), '', name);
  if (!storageClass) return;
  const provisioner = storageClass['provisioner'] as string;
  if (!builtIn.has(provisioner) && !driverRuns(cluster, provisioner)) return;
  const node = userOf(cluster, claim);
  if (storageClass['volumeBindingMode'] === 'WaitForFirstConsumer' && node === undefined) return;
  const volume = `pvc-${claim.metadata.uid!}`;
  const volumes = cluster.kind('v1', 'PersistentVolume');
  const driver = driverOf(cluster, provisioner);
  const provisioned = driver?.provision(claim, volume, node);
  if (driver && !provisioned) return;
  const storage = provisioned?.capacity ?? spec.resources?.requests?.['storage'] ?? '1Gi';
  const accessModes = spec.accessModes ?? ['ReadWriteOnce'];
  if (!cluster.store.look(volumes, '', volume)) {
    cluster.store.create(volumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: volume, annotations: { 'pv.kubernetes.io/provisioned-by': provisioner } },
      spec: {
        capacity: { storage },
        accessModes,
        storageClassName: name,
        persistentVolumeReclaimPolicy: storageClass['reclaimPolicy'] ?? 'Delete',
        claimRef: {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          name: claim.metadata.name,
          namespace: claim.metadata.namespace,
          uid: claim.metadata.uid,
        },
        ...sourceOf(provisioner, provisioned?.handle ?? volume, claim, node),
      },
      status: { phase: 'Bound' },
    });
  }
  cluster.change(claim, (one) => {
    one.spec = { ...one.spec, storageClassName: name, volumeName: volume, volumeMode: 'Filesystem' };
    one.status = { phase: 'Bound', accessModes, capacity: { storage } };
  });
}

interface Resources {
  readonly requests?: Readonly<Record<string, string>>;
}

/** What becomes of a volume whose claim is gone. */
export function releaseVolume(cluster: ClusterState, claim: Obj): void {
  const volumes = cluster.kind('v1', 'PersistentVolume');
  const volume = cluster.store.look(volumes, '', `pvc-${claim.metadata.uid ?? ''}`);
  if (!volume) return;
  const provisioner = volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'] ?? '';
  // A driver deletes what it made first, and then the object.
  if (volume.spec?.['persistentVolumeReclaimPolicy'] === 'Delete' && !driverOf(cluster, provisioner))
    cluster.store.delete(volumes, '', volume.metadata.name);
  else cluster.status(volume, { phase: 'Released' });
}

const driverOf = (cluster: ClusterState, provisioner: string): VolumeDriver | undefined =>
  cluster.volumeDrivers.find((driver) => driver.provisioner === provisioner);

/** Whether a claim's volume has to be attached to the pod's node by its driver, and is not. */
export function isUnattached(cluster: ClusterState, claim: Obj, node: string): boolean {
  const name = claim.spec?.['volumeName'] as string | undefined;
  const volume = cluster.store.look(cluster.kind('v1', 'PersistentVolume'), '', name ?? '');
  if (!volume || !driverOf(cluster, volume.metadata.annotations?.['pv.kubernetes.io/provisioned-by'] ?? ''))
    return false;
  return !cluster.all('storage.k8s.io/v1', 'VolumeAttachment').some(({ spec, status }) => {
    const source = spec?.['source'] as { persistentVolumeName?: string } | undefined;
    return source?.persistentVolumeName === name && spec?.['nodeName'] === node && status?.['attached'] === true;
  });
}

function driverRuns(cluster: ClusterState, provisioner: string): boolean {
  const names: Readonly<Record<string, readonly [string, string]>> = {
    'csi.hetzner.cloud': ['Deployment', 'hcloud-csi-controller'],
    'linodebs.csi.linode.com': ['StatefulSet', 'csi-linode-controller'],
  };
  const [kind, name] = names[provisioner] ?? [];
  if (kind === undefined) return false;
  return cluster
    .all('apps/v1', kind)
    .some(({ metadata, status }) => metadata.name === name && Number(status?.['readyReplicas'] ?? 0) > 0);
}

/** The node of a pod that uses a claim. */
function userOf(cluster: ClusterState, claim: Obj): string | undefined {
  const pod = cluster
    .all('v1', 'Pod', claim.metadata.namespace)
    .find(
      ({ spec }) =>
        typeof spec?.['nodeName'] === 'string' &&
        ((spec['volumes'] ?? []) as { persistentVolumeClaim?: { claimName: string } }[]).some(
          ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === claim.metadata.name,
        ),
    );
  return pod?.spec?.['nodeName'] as string | undefined;
}

function sourceOf(provisioner: string, volume: string, claim: Obj, node: string | undefined): Record<string, unknown> {
  if (provisioner !== 'rancher.io/local-path') return { csi: { driver: provisioner, volumeHandle: volume } };
  const { namespace = '', name } = claim.metadata;
  return {
    hostPath: { path: `/var/lib/rancher/k3s/storage/${volume}_${namespace}_${name}`, type: 'DirectoryOrCreate' },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node ?? ''] }] },
        ],
      },
    },
  };
}
