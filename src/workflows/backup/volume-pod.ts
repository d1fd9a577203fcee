import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Secret } from '../../domain/index.js';
import type { KubeObject } from '../../kube/types.js';
import { ownTemplates } from '../../remote/index.js';

/** Where the pods and their keys are: tenants see neither. */
export const copyNamespace = 'kube-system';
/** On pods and keys, which say in the annotation which claim they are there for. */
export const copyLabel = 'slipway.dev/volume';
export const claimAnnotation = 'slipway.dev/claim';
/** Seconds after which a pod is ended, whatever it does. */
export const copySeconds = 6 * 3600;

/** What a pod is to do beside a volume; or, to try a copy, beside none: in a folder that goes with it. */
export type VolumeWork = {
  /** `shop/db` */
  readonly claim: string;
  /** Id of the backup. */
  readonly backup: string;
  /** Ids of backups whose copies stay. */
  readonly keep: readonly string[];
  readonly image: string;
  readonly access: VolumeAccess;
} & (
  | {
      readonly act: 'copy' | 'restore';
      readonly node: string;
      /** The volume’s folder on that node. */
      readonly path: string;
    }
  | {
      readonly act: 'try';
      /** That the copy has. */
      readonly bytes: number;
    }
);

/** What opens a repository. */
export interface VolumeAccess {
  /** As restic knows it. */
  readonly repository: string;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly key: { readonly id: string; readonly secret: Secret };
  /** Of the repository. */
  readonly password: Secret;
}

/** The same for the same work, so that a run that was killed finds its own again. */
const nameOf = ({ act, claim, backup }: VolumeWork): string =>
  `slipway-volume-${createHash('sha256').update(`${act} ${claim} ${backup}`).digest('hex').slice(0, 16)}`;

const metadata = (work: VolumeWork) => ({
  name: nameOf(work),
  namespace: copyNamespace,
  labels: { [copyLabel]: work.act, 'app.kubernetes.io/managed-by': 'slipway' },
  annotations: { [claimAnnotation]: work.claim },
});

/** The keys, for as long as the pod is there. */
export const copySecret = (work: VolumeWork): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadata(work),
  type: 'Opaque',
  stringData: {
    AWS_ACCESS_KEY_ID: work.access.key.id,
    AWS_SECRET_ACCESS_KEY: work.access.key.secret.reveal(),
    RESTIC_PASSWORD: work.access.password.reveal(),
  },
});

const writing = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'MKNOD', 'SETFCAP'] as const;
/** Reads whatever owner files have, or gives files the owners they had: no more of root than that. */
const capabilities = { copy: ['DAC_READ_SEARCH'], restore: writing, try: writing } as const;

/** Room for what a copy has on a node’s disk, with some more for folders and small files: `1234Mi`. */
export const roomFor = (bytes: number): string => `${Math.ceil((bytes * 1.2) / 2 ** 20) + 64}Mi`;

/** Where the files are: the volume’s folder on its node, or an empty one that is thrown away. */
function placeOf(work: VolumeWork) {
  if (work.act === 'try')
    return { pod: {}, room: { 'ephemeral-storage': roomFor(work.bytes) }, data: { emptyDir: {} } };
  return {
    // Not by way of the scheduler: it has to be where the volume is.
    pod: { nodeName: work.node, tolerations: [{ operator: 'Exists' }] },
    room: {},
    // It must be there: an empty folder made in its place would be copied as an empty volume.
    data: { hostPath: { path: work.path, type: 'Directory' } },
  };
}

/**
 * A pod of a moment on the node where a volume is mounted. It sees that one folder of the node, read-only where it copies,
 * and has no account of Kubernetes.
 */
export function copyPod(work: VolumeWork): KubeObject {
  const { act, backup, keep, image, access } = work;
  const { pod, room, data } = placeOf(work);
  const fromSecret = (key: string) => ({ name: key, valueFrom: { secretKeyRef: { name: nameOf(work), key } } });
  const env = {
    ACT: act,
    DATA: '/data',
    BACKUP: backup,
    KEEP: keep.join(' '),
    WORK: '/work',
    PATIENCE: '120',
    RESTIC_REPOSITORY: access.repository,
    AWS_DEFAULT_REGION: access.region,
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata(work),
    spec: {
      ...pod,
      restartPolicy: 'Never',
      activeDeadlineSeconds: copySeconds,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsUser: 0, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'restic',
          image,
          command: ['/bin/sh', '-c', copyScript()],
          env: [
            ...Object.entries(env).map(([name, value]) => ({ name, value })),
            ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'RESTIC_PASSWORD'].map(fromSecret),
          ],
          resources: { requests: { cpu: '50m', memory: '128Mi', ...room }, limits: { memory: '1Gi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'], add: [...capabilities[act]] },
          },
          volumeMounts: [
            { name: 'data', mountPath: '/data', ...(act === 'copy' ? { readOnly: true } : {}) },
            { name: 'work', mountPath: '/work' },
          ],
        },
      ],
      volumes: [
        { name: 'data', ...data },
        { name: 'work', emptyDir: {} },
      ],
    },
  };
}

/** What it runs. */
export const copyScript = (): string => readFileSync(join(ownTemplates, 'pod', 'copy-volume.sh'), 'utf8');
