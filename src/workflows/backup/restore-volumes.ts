import { type Clock, placeOfFiles, plural } from '../../domain/index.js';
import type { Step, StepContext } from '../../engine/index.js';
import { IncompleteError, RefusedError, UsageError } from '../../errors/index.js';
import type { Kube, KubeOptions } from '../../kube/types.js';
import type { StepInfo } from '../../reporting/index.js';
import type { BackupManifest } from '../../workspace/backups/types.js';
import type { ClusterFolder } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';
import { execute, locked, stepInfo } from '../run.js';
import { readClaims } from './claims.js';
import { freshClaim, holdClaim, releaseClaim } from './fresh-claim.js';
import { rememberedClaims } from './remembered-claim.js';
import { keepProven, type PartOf, restoredFrom, restoredInto } from './restored-from.js';
import { runVolumeWork } from './volume-copy.js';
import type { VolumeAccess } from './volume-pod.js';
import { holderLabel, readClaimUsers, volumesAccess } from './volumes.js';

export interface RestoreVolumesInput extends PartOf {
  /** `shop/db`; none: all that the backup has. */
  readonly claims: readonly string[];
}

export interface RestoreVolumesResult {
  readonly cluster: string;
  readonly backup: string;
  readonly where: string;
  /** With a dry run: those that would be. */
  readonly restored: readonly string[];
  /** Volumes that the claims had before. They stay at the provider, or on their disks, until somebody deletes them. */
  readonly left: readonly string[];
  readonly steps: readonly StepInfo[];
}

/**
 * Brings the files of volumes back from a backup, each into a fresh volume. What a claim had before is let go and stays.
 * @throws UsageError codes NO_BACKUP, VOLUME_KEY; RefusedError codes CLAIM_IN_USE, VOLUME_KEY; IncompleteError codes
 * VOLUME_FAILED, KUBE_UNREACHABLE
 */
export async function restoreVolumes(
  context: WorkflowContext,
  input: RestoreVolumesInput,
  retryCommand: string,
): Promise<RestoreVolumesResult> {
  const from = await restoredFrom(context, input, {
    kind: 'claim',
    in: ({ volumes }) => namesOf(volumes, input.claims).map(({ claim }) => claim),
  });
  const { folder, record, sets, manifest } = from;
  const chosen = chosenVolumes(manifest, input.claims);
  const volumes = (input.spec ?? record.spec).backup?.volumes;
  if (!volumes) throw noVolumes(input.cluster);
  const { root: _, ...access } = await volumesAccess(
    context,
    folder,
    { ...record, ...(input.spec ? { spec: input.spec } : {}) },
    volumes.to,
  );
  const api = await restoredInto(context, from);
  const { kube } = api;
  const left = await refuseUnready(
    kube,
    chosen.map(({ claim }) => claim),
    context,
  );
  const steps: Step<void>[] = [];
  for (const { claim, repository } of chosen) {
    steps.push(
      restoreStep({
        clock: context.clock,
        folder,
        kube,
        claim,
        backup: manifest.id,
        image: volumes.image,
        access: { ...access, repository },
        after: steps,
      }),
    );
  }
  const result: RestoreVolumesResult = {
    cluster: input.cluster,
    backup: manifest.id,
    where: sets.where,
    restored: chosen.map(({ claim }) => claim),
    left,
    steps: steps.map(stepInfo),
  };
  if (input.dryRun) return result;
  await context.reporter.confirm({
    question: `Restore ${plural(chosen.length, 'volume')} of ${input.cluster} from ${manifest.id}?`,
    details: result.restored.map(
      (claim) => `${claim} gets a fresh volume; what it has now is let go, and stays where it is kept`,
    ),
    flags: '--yes',
  });
  const operation = 'backup restore-volumes';
  await locked(
    context,
    folder,
    operation,
    ({ admit }) => execute(context, folder, operation, steps, retryCommand, admit),
    api,
  );
  return result;
}

/**
 * @returns the volumes that the claims have, or had before a run that was killed
 * @throws RefusedError code CLAIM_IN_USE; UsageError code NO_BACKUP for a claim that the cluster does not have
 */
async function refuseUnready(kube: Kube, claims: readonly string[], options: KubeOptions): Promise<readonly string[]> {
  const [all, pods, remembered] = await Promise.all([
    readClaims(kube, options),
    readClaimUsers(kube, options),
    rememberedClaims(kube, options),
  ]);
  const here = all.filter(({ claim }) => claims.includes(claim));
  // One that a run before this one took away is made from what that one noted.
  const gone = claims.find((claim) => !here.some((one) => one.claim === claim) && !remembered.has(claim));
  if (gone !== undefined) {
    throw new UsageError(`The cluster has no claim ${gone}, whose volume could be restored.`, {
      code: 'NO_BACKUP',
      hint: 'Make it first, or what makes it, with no pods: kubectl apply, then kubectl scale --replicas=0',
    });
  }
  const users = pods.filter(
    ({ namespace, labels, claims: used }) =>
      labels[holderLabel] === undefined && used.some((name) => claims.includes(`${namespace}/${name}`)),
  );
  if (users.length === 0)
    return claims.flatMap(
      (name) => here.find(({ claim }) => claim === name)?.volume ?? remembered.get(name)?.spec.volumeName ?? [],
    );
  throw new RefusedError(
    `Pods use what is to be restored: ${users.map(({ namespace, name }) => `${namespace}/${name}`).join(', ')}.`,
    {
      code: 'CLAIM_IN_USE',
      hint: 'Scale what runs them to zero (kubectl scale --replicas=0), then run the same command again.',
    },
  );
}

function restoreStep(of: {
  readonly clock: Clock;
  readonly folder: ClusterFolder;
  readonly kube: Kube;
  readonly claim: string;
  readonly backup: string;
  readonly image: string;
  readonly access: VolumeAccess;
  readonly after: readonly Step[];
}): Step<void> {
  const { clock, folder, kube, claim, backup, image, access, after } = of;
  return {
    id: `volume:${claim}`,
    phase: 'Restore volumes',
    target: claim,
    text: `bring its files back from ${backup} into a fresh volume`,
    destroys: true,
    needs: [],
    after: [...after],
    apply: async (run: StepContext) => {
      const began = clock.monotonic();
      run.progress('letting the old volume go');
      await freshClaim(kube, claim, backup, run);
      run.progress('waiting for a fresh volume');
      await holdClaim(kube, claim, image, run);
      const [volume] = (await readClaims(kube, run)).filter((one) => one.claim === claim);
      const place = placeOfFiles(volume!, await readClaimUsers(kube, run));
      if ('why' in place) throw notHeld(claim, place.why);
      run.progress('bringing its files back');
      await runVolumeWork(kube, { act: 'restore', claim, ...place, backup, keep: [], image, access }, run);
      await releaseClaim(kube, claim, backup, run);
      const tookMs = clock.monotonic() - began;
      await keepProven(folder, [
        { kind: 'claim', name: claim, backup, at: new Date(clock.now()).toISOString(), as: 'cluster', tookMs },
      ]);
    },
  };
}

/** All that are asked for; none where one of them is not there. */
const namesOf = (volumes: BackupManifest['volumes'], claims: readonly string[]): BackupManifest['volumes'] =>
  claims.every((claim) => volumes.some((volume) => volume.claim === claim))
    ? volumes.filter(({ claim }) => claims.length === 0 || claims.includes(claim))
    : [];

/** @throws UsageError code NO_BACKUP */
function chosenVolumes({ id, cluster, volumes }: BackupManifest, claims: readonly string[]): BackupManifest['volumes'] {
  const nowhere = claims.find((claim) => !volumes.some((volume) => volume.claim === claim));
  const found = namesOf(volumes, claims);
  if (found.length > 0) return found;
  throw new UsageError(`The backup ${id} of ${cluster.name} has no copy of ${nowhere ?? 'any volume'}.`, {
    code: 'NO_BACKUP',
    hint:
      volumes.length > 0
        ? `It has ${volumes.map(({ claim }) => claim).join(', ')}.`
        : 'Name the claims that belong to a backup in the cluster file: backup.volumes',
  });
}

const noVolumes = (cluster: string): UsageError =>
  new UsageError(`The file of ${cluster} does not say where copies of volumes are.`, {
    code: 'NO_BACKUP',
    hint: 'Name the place in the cluster file: backup.volumes.to',
  });

const notHeld = (claim: string, why: string): IncompleteError =>
  new IncompleteError(`The fresh volume of ${claim} cannot be written to: ${why}.`, {
    code: 'VOLUME_FAILED',
    hint: 'Run the same command again.',
  });
