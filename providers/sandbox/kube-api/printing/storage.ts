import type { Obj } from '../objects.js';
import { ageColumn, boolean, type Column, column, dig, isSet, maps, nameColumn, text, texts, wide } from './column.js';

const modes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};
const accessModes = (object: Obj, path: string): string => {
  const given = texts(object, path);
  return Object.keys(modes)
    .filter((mode) => given.includes(mode))
    .map((mode) => modes[mode]!)
    .join(',');
};
const className = (object: Obj): string =>
  object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? text(object, 'spec.storageClassName');
const phase = (object: Obj): string =>
  object.metadata.deletionTimestamp ? 'Terminating' : text(object, 'status.phase');
const attributesClass = column('VolumeAttributesClass', (one) =>
  text(one, 'spec.volumeAttributesClassName', '<unset>'),
);
const volumeMode = wide(column('VolumeMode', (one) => text(one, 'spec.volumeMode', '<unset>')));

const claimOf = (volume: Obj): string =>
  dig(volume, 'spec.claimRef') === undefined
    ? ''
    : `${text(volume, 'spec.claimRef.namespace')}/${text(volume, 'spec.claimRef.name')}`;

/** What a claim got, once it is bound. */
const bound =
  (read: (claim: Obj) => string) =>
  (claim: Obj): string =>
    text(claim, 'spec.volumeName') === '' ? '' : read(claim);

const defaultMarks = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];
const isDefault = ({ metadata }: Obj): boolean => defaultMarks.some((mark) => metadata.annotations?.[mark] === 'true');

export const storageColumns: Readonly<Record<string, readonly Column[]>> = {
  '/persistentvolumes': [
    nameColumn,
    column('Capacity', (one) => text(one, 'spec.capacity.storage', '0')),
    column('Access Modes', (one) => accessModes(one, 'spec.accessModes')),
    column('Reclaim Policy', (one) => text(one, 'spec.persistentVolumeReclaimPolicy')),
    column('Status', phase),
    column('Claim', claimOf),
    column('StorageClass', className),
    attributesClass,
    column('Reason', (one) => text(one, 'status.reason')),
    ageColumn,
    volumeMode,
  ],
  '/persistentvolumeclaims': [
    nameColumn,
    column('Status', phase),
    column('Volume', (one) => text(one, 'spec.volumeName')),
    column(
      'Capacity',
      bound((one) => text(one, 'status.capacity.storage', '0')),
    ),
    column(
      'Access Modes',
      bound((one) => accessModes(one, 'status.accessModes')),
    ),
    column('StorageClass', className),
    attributesClass,
    ageColumn,
    volumeMode,
  ],
  'storage.k8s.io/storageclasses': [
    { ...nameColumn, read: (one) => `${one.metadata.name}${isDefault(one) ? ' (default)' : ''}` },
    column('Provisioner', (one) => text(one, 'provisioner')),
    column('ReclaimPolicy', (one) => text(one, 'reclaimPolicy', 'Delete')),
    column('VolumeBindingMode', (one) => text(one, 'volumeBindingMode', 'Immediate')),
    column('AllowVolumeExpansion', (one) => isSet(one, 'allowVolumeExpansion')),
    ageColumn,
  ],
  'storage.k8s.io/volumeattachments': [
    nameColumn,
    { ...column('Attacher', (one) => text(one, 'spec.attacher')), format: 'name' },
    column('PV', (one) => text(one, 'spec.source.persistentVolumeName')),
    column('Node', (one) => text(one, 'spec.nodeName')),
    boolean('Attached', (one) => isSet(one, 'status.attached')),
    ageColumn,
  ],
  'storage.k8s.io/csidrivers': [
    nameColumn,
    boolean('AttachRequired', (one) => dig(one, 'spec.attachRequired') !== false),
    boolean('PodInfoOnMount', (one) => isSet(one, 'spec.podInfoOnMount')),
    boolean('StorageCapacity', (one) => isSet(one, 'spec.storageCapacity')),
    column('TokenRequests', (one) =>
      dig(one, 'spec.tokenRequests') === undefined
        ? '<unset>'
        : maps(one, 'spec.tokenRequests')
            .map((request) => text(request, 'audience'))
            .join(','),
    ),
    boolean('RequiresRepublish', (one) => isSet(one, 'spec.requiresRepublish')),
    column('Modes', (one) => texts(one, 'spec.volumeLifecycleModes').join(',') || '<none>'),
    ageColumn,
  ],
};
