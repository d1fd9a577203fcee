import { IncompleteError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';
import { type ClaimObject, forgetClaim, rememberClaim, rememberedClaims } from './remembered-claim.js';
import { holderLabel } from './volumes.js';

const restoredAnnotation = 'slipway.dev/restored-from';
const waitMs = 600_000;
const whole = ', whole';

/** Whether all its files are those of a backup. */
export const isRestoredWhole = ({ metadata }: Pick<KubeObject, 'metadata'>): boolean =>
  metadata.annotations?.[restoredAnnotation]?.endsWith(whole) === true;

/** `shop/db` as an object of this kind. */
const refOf = (claim: string, kind: string, name?: string) => {
  const [namespace = '', claimName = ''] = claim.split('/');
  return { apiVersion: 'v1', kind, metadata: { namespace, name: name ?? claimName } };
};

/**
 * Makes the claim anew without its volume, as it was otherwise: one that names a volume whose disk is gone would hold up its
 * pods for ever. The old volume is kept, whatever its class says. Done once for a backup: a second run goes on.
 */
export async function freshClaim(kube: Kube, claim: string, backup: string, options: KubeOptions): Promise<void> {
  const ref = refOf(claim, 'PersistentVolumeClaim');
  const there = (await kube.get(ref, options)) as ClaimObject | undefined;
  if (there?.metadata.annotations?.[restoredAnnotation] === backup) return;
  const found = there ?? (await rememberedClaims(kube, options)).get(claim);
  if (!found) throw lost(claim);
  const { volumeName, ...spec } = found.spec;
  if (there) {
    if (volumeName !== undefined) await keepVolume(kube, volumeName, options);
    await rememberClaim(kube, claim, there, options);
    await removeClaim(kube, claim, there, options);
  }
  const annotations = Object.entries(found.metadata.annotations ?? {}).filter(
    // What binding left: with it the new one would look as if it were bound.
    ([key]) => !/^(pv\.kubernetes\.io|volume\.kubernetes\.io|volume\.beta\.kubernetes\.io)\//.test(key),
  );
  const made = await kube.create(
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        ...ref.metadata,
        labels: found.metadata.labels,
        annotations: { ...Object.fromEntries(annotations), [restoredAnnotation]: backup },
      },
      spec,
    },
    options,
  );
  if (!made) throw lost(claim);
}

async function removeClaim(kube: Kube, claim: string, there: ClaimObject, options: KubeOptions): Promise<void> {
  const ref = refOf(claim, 'PersistentVolumeClaim');
  await kube.delete(there, { ...options, uid: there.metadata.uid });
  await kube.until(
    {
      what: `the claim ${claim} to be gone`,
      code: 'VOLUME_FAILED',
      kinds: [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: ref.metadata.namespace }],
      check: (view) => (view.get(ref) ? undefined : true),
    },
    {
      ...options,
      deadlineMs: waitMs,
      hint: 'See what holds it: kubectl describe pvc, then run the same command again.',
    },
  );
}

/** A volume whose class would delete it with its claim stays, with whatever it has. One that is gone already needs nothing. */
async function keepVolume(kube: Kube, name: string, options: KubeOptions): Promise<void> {
  const volume = await kube.get({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name } }, options);
  if (!volume) return;
  const { resourceVersion } = volume.metadata;
  const patch = { spec: { persistentVolumeReclaimPolicy: 'Retain' } };
  const done = await kube.patch(
    { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name, resourceVersion }, ...patch },
    options,
  );
  if (done) return;
  throw new IncompleteError(`The volume ${name} was changed by somebody else just now.`, {
    code: 'VOLUME_FAILED',
    hint: 'Run the same command again.',
  });
}

const holderOf = (claim: string) =>
  refOf(claim, 'Pod', `slipway-restore-${claim.split('/')[1]!}`.slice(0, 63).replace(/[^a-z0-9]+$/, ''));

/** Has a pod mount the claim that does nothing: it has the volume made, and attached to a node. It holds no key. */
export async function holdClaim(kube: Kube, claim: string, image: string, options: KubeOptions): Promise<void> {
  const holder = holderOf(claim);
  await kube.apply(
    {
      ...holder,
      metadata: { ...holder.metadata, labels: { [holderLabel]: 'true', 'app.kubernetes.io/managed-by': 'slipway' } },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 1,
        // What `restricted` allows: the namespace is somebody else's.
        securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'hold',
            image,
            command: ['/bin/sh', '-c', 'while :; do sleep 3600; done'],
            resources: { requests: { cpu: '5m', memory: '8Mi' }, limits: { cpu: '50m', memory: '32Mi' } },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim.split('/')[1]! } }],
      },
    },
    options,
  );
  await kube.until(
    {
      what: `the pod ${holder.metadata.namespace}/${holder.metadata.name} to run`,
      code: 'VOLUME_FAILED',
      kinds: [{ apiVersion: 'v1', kind: 'Pod', namespace: holder.metadata.namespace }],
      check: (view, say) => {
        const phase = (view.get(holder)?.['status'] as { readonly phase?: string } | undefined)?.phase;
        say(phase ?? 'not there');
        return phase === 'Running' ? true : undefined;
      },
    },
    {
      ...options,
      deadlineMs: waitMs,
      hint: 'See why it does not: kubectl describe pod, then run the same command again.',
    },
  );
}

/** Takes the pod away that held the claim, and says of the claim that all is done: asked for again, it is made anew again. */
export async function releaseClaim(kube: Kube, claim: string, backup: string, options: KubeOptions): Promise<void> {
  const ref = refOf(claim, 'PersistentVolumeClaim');
  const annotations = { [restoredAnnotation]: `${backup}${whole}` };
  await kube.delete(holderOf(claim), options);
  await kube.patch({ ...ref, metadata: { ...ref.metadata, annotations } }, options);
  await forgetClaim(kube, claim, options);
}

const lost = (claim: string): IncompleteError =>
  new IncompleteError(`The claim ${claim} went away, or was made by somebody else, while it was to be made anew.`, {
    code: 'VOLUME_FAILED',
    hint: 'See that it is there, bound to nothing, then run the same command again.',
  });
