import {
  type ClaimUser,
  type ClaimVolume,
  isChosenClaim,
  placeOfFiles,
  type Uncovered,
  uncoveredClaim,
} from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Step } from '../../engine/index.js';
import { RefusedError, SlipwayError, UsageError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';
import type { BackupManifest } from '../../workspace/backups/types.js';
import { s3Location } from '../../workspace/s3/location.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';
import { runVolumeWork } from './volume-copy.js';
import type { VolumeAccess } from './volume-pod.js';

export const keyVariables = ['SLIPWAY_VOLUMES_ACCESS_KEY_ID', 'SLIPWAY_VOLUMES_SECRET_ACCESS_KEY'] as const;
const locationVariables = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_DEFAULT_REGION'];

/** What opens the repositories of a cluster’s volumes; a claim’s own is made of it by `accessTo`. */
export interface VolumesAccess extends Omit<VolumeAccess, 'repository'> {
  readonly root: string;
}

/**
 * @param to `s3://bucket/prefix`
 * @throws UsageError codes VOLUME_KEY, WORKSPACE_LOCATION; RefusedError codes VOLUME_KEY, OUTSIDE_RESIDENCY
 */
export async function volumesAccess(
  { secretSources, random }: Pick<WorkflowContext, 'secretSources' | 'random'>,
  folder: Pick<ClusterFolder, 'secret'>,
  { name, id, spec }: Pick<ClusterRecord, 'name' | 'id' | 'spec'>,
  to: string,
): Promise<VolumesAccess> {
  const [keyId, secret] = keyVariables.map((variable) => secretSources.environment(variable));
  if (!keyId || !secret) {
    throw new UsageError(`The volumes of ${name} belong to its backups, but there is no key for ${to}.`, {
      code: 'VOLUME_KEY',
      hint: `Set ${keyVariables.join(' and ')} to a key that may read, write and delete under that prefix, and nothing else.`,
    });
  }
  // It lies in the cluster while copies are made: whoever takes over a node is not to get the backups with it.
  if (secretSources.environment('AWS_ACCESS_KEY_ID')?.reveal() === keyId.reveal()) {
    throw new RefusedError('The key for the volumes is the one that opens the workspace or the backups.', {
      code: 'VOLUME_KEY',
      hint: `Make another one that may do nothing but read, write and delete under ${to}, and set it as ${keyVariables[0]}.`,
    });
  }
  const env = Object.fromEntries(
    locationVariables.map((variable) => [variable, secretSources.environment(variable)?.reveal()] as const),
  );
  const { bucket, prefix, region, endpoint, pathStyle, country } = s3Location(to, env);
  const { residency } = spec.provider;
  if (residency && !(country !== undefined && residency.includes(country))) {
    throw new RefusedError(
      `${name} may only be kept in ${residency.join(', ')}, and ${to} is in ${country ?? 'an unknown country'}.`,
      { code: 'OUTSIDE_RESIDENCY', hint: `Name a bucket in ${residency.join(' or ')} as backup.volumes.to.` },
    );
  }
  const password = await folder.secret('volumes-password', () => random.bytes(32).toString('hex'));
  const server = endpoint ?? `https://s3.${region}.amazonaws.com`;
  return {
    root: `s3:${server}/${bucket}/${prefix}${name}-${id}`,
    region,
    pathStyle,
    key: { id: keyId.reveal(), secret },
    password,
  };
}

export const accessTo = ({ root, ...access }: VolumesAccess, claim: string): VolumeAccess => ({
  ...access,
  repository: `${root}/${claim}`,
});

/** On pods that do nothing but hold a claim while it is restored. */
export const holderLabel = 'slipway.dev/holds-claim';

interface PodObject extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly uid?: string };
  readonly spec?: {
    readonly nodeName?: string;
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
  };
  readonly status?: { readonly phase?: string };
}

/** Pods that have not ended, with the claims that they use. */
export async function readClaimUsers(kube: Pick<Kube, 'list'>, options: KubeOptions): Promise<readonly ClaimUser[]> {
  const pods = (await kube.list('v1', 'Pod', {}, options)) as readonly PodObject[];
  return pods
    .filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
    .map(({ metadata, spec, status }) => ({
      name: metadata.name,
      namespace: metadata.namespace ?? '',
      uid: metadata.uid ?? '',
      labels: metadata.labels ?? {},
      node: spec?.nodeName,
      running: status?.phase === 'Running',
      claims: (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? []),
    }));
}

/** What became of a claim that belongs to the backup. */
export type CopiedVolume =
  { readonly copy: BackupManifest['volumes'][number] } | { readonly uncovered: Uncovered; readonly failure: string };

/** Of claims, those that the file names. */
export const chosenClaims = (claims: readonly ClaimVolume[], { backup }: Pick<ClusterSpec, 'backup'>) =>
  claims.filter((claim) => isChosenClaim(claim, backup?.volumes?.claims ?? []));

/**
 * Copies the files of one claim’s volume into its repository. That one cannot be copied keeps no backup from being made.
 * @param keep ids of the backups whose copies stay
 */
export function copyVolumeStep(of: {
  readonly kube: Kube;
  readonly claim: ClaimVolume;
  readonly pods: readonly ClaimUser[];
  readonly backup: string;
  readonly keep: readonly string[];
  readonly image: string;
  readonly access: VolumeAccess;
  readonly phase: string;
  readonly after: readonly Step[];
}): Step<CopiedVolume> {
  const { kube, claim, pods, backup, keep, image, access, phase, after } = of;
  return {
    id: `volume:${claim.claim}`,
    phase,
    target: claim.claim,
    text: `copy its files to ${access.repository.replace(/^s3:/, '')}`,
    needs: [],
    // One at a time: each reads a disk that others work on.
    after: [...after],
    readOnly: true,
    apply: async (run) => {
      const not = (why: string): CopiedVolume => ({
        uncovered: { ...uncoveredClaim(claim), why },
        failure: `volume of ${claim.claim}: ${why}`,
      });
      const place = placeOfFiles(claim, pods);
      if ('why' in place) return not(place.why);
      try {
        const work = { act: 'copy', claim: claim.claim, ...place, backup, keep, image, access } as const;
        const facts = (await runVolumeWork(kube, work, run))!;
        return { copy: { claim: claim.claim, repository: access.repository, ...facts } };
      } catch (error) {
        if (!(error instanceof SlipwayError) || run.signal.aborted) throw error;
        return not([error.message.replace(/\.$/, ''), ...error.details].join('; '));
      }
    },
  };
}
