import { ageText, partText, plural, provenPartText, type Uncovered, uncoveredText } from '../../domain/index.js';
import { renderPlan, table } from '../../ui/index.js';
import type { Proof } from '../../phases/context.js';
import type { BackupResult } from '../../workflows/backup/create.js';
import type { DrillResult } from '../../workflows/backup/drill.js';
import type { BackupList } from '../../workflows/backup/list.js';
import type { PruneResult } from '../../workflows/backup/prune.js';
import type { RestoreVolumesResult } from '../../workflows/backup/restore-volumes.js';
import type { RestoreStreamsResult } from '../../workflows/backup/restore-streams.js';
import type { VerifyResult } from '../../workflows/backup/verify.js';
import type { CopyResult } from '../../workflows/cluster/copy.js';
import type { RestoreResult } from '../../workflows/cluster/restore.js';
import { simulatedLines } from './cluster.js';

export function renderBackup({ cluster, id, where, created, manifest, pruned }: BackupResult): string {
  if (!created || !manifest) return `No backup is due: ${id} is young enough.`;
  return [
    `${cluster} is backed up: ${id}, ${size(manifest.snapshot.packedBytes)} at ${where}.`,
    ...(pruned.length > 0 ? [`${plural(pruned.length, 'backup')} that need not be kept removed.`] : []),
    ...volumeLines(manifest.volumes),
    ...manifest.streams.map(
      ({ name, messages, bytes }) => `  stream ${name}: ${plural(messages, 'message')}, ${size(bytes)}`,
    ),
    ...uncoveredLines(manifest.uncovered ?? []),
    `  slipway backup verify ${cluster}`,
  ].join('\n');
}

export function renderBackups(list: BackupList, columns?: number): string {
  const { cluster, where, backups, unfinished, unusable } = list;
  const half = [
    ...unusable.map(({ why }) => `! ${why}`),
    ...(unfinished.length > 0 ? [`${unfinished.length} unfinished: ${unfinished.join(', ')}`] : []),
  ];
  if (backups.length === 0) return [`There is no backup of ${cluster} at ${where}.`, ...half].join('\n');
  return [
    table(
      ['ID', 'AGE', 'SIZE', 'KUBERNETES', 'SERVER'],
      backups.map(({ id, ageMs, bytes, kubernetesVersion, server }) => [
        id,
        ageText(ageMs),
        size(bytes),
        kubernetesVersion,
        server,
      ]),
      columns === undefined ? {} : { columns },
    ),
    ...half,
  ].join('\n');
}

export function renderVerified({ cluster, where, verified }: VerifyResult): string {
  if (verified.length === 0) return `There is no backup of ${cluster} at ${where}.`;
  return verified
    .flatMap(({ id, takenAt, kubernetesVersion, etcd, bytes, volumes, streams, uncovered }) => [
      `${id} is whole: ${size(bytes)} of ${kubernetesVersion}, taken ${takenAt}, revision ${etcd.revision} of etcd. The token opens it.`,
      ...volumeLines(volumes),
      ...streams.map(
        (stream) => `  stream ${stream.name}: ${plural(stream.messages, 'message')}, ${size(stream.bytes)}`,
      ),
      ...uncoveredLines(uncovered),
    ])
    .join('\n');
}

export function renderPruned({ cluster, where, removed, kept }: PruneResult, dryRun: boolean): string {
  if (removed.length === 0) return `Nothing to remove: all ${kept.length} backups of ${cluster} at ${where} are kept.`;
  const verb = dryRun ? 'would be removed' : 'removed';
  return `${plural(removed.length, 'backup')} of ${cluster} ${verb}, ${kept.length} kept at ${where}.`;
}

/** What was done, or with a dry run would be. */
export function renderRestoredStreams(result: RestoreStreamsResult, dryRun: boolean): string {
  const { cluster, backup, restored, existing } = result;
  const verb = dryRun ? 'would be restored' : 'restored';
  return [
    ...restored.map(({ name, messages }) => `${name}: ${plural(messages, 'message')} ${verb} from ${backup}.`),
    ...existing.map((name) => `${name} is there, and is left as it is.`),
    ...(restored.length === 0 ? [`Nothing to restore: ${cluster} has all streams that were asked for.`] : []),
  ].join('\n');
}

/** What was done, or with a dry run would be. */
export function renderRestored(result: RestoreResult, dryRun: boolean): string {
  const { cluster, backup, dataAgeMs, tookMs, steps, volumes, streams, uncovered, simulated } = result;
  const { tokensRotated, newBackup } = result;
  if (dryRun) return renderPlan(steps);
  return [
    `${cluster} is restored from ${backup}, with data that was ${ageText(dataAgeMs)} old, in ${Math.round(tookMs / 1000)} s.`,
    ...(tokensRotated ? ['Nothing joins any more with the tokens that are in the backup.'] : []),
    ...(newBackup === undefined ? [] : [`It is backed up as it is now: ${newBackup}.`]),
    ...(volumes.length > 0 ? [`  slipway backup restore-volumes ${cluster} --from ${backup}`] : []),
    ...(streams.length > 0 ? [`  slipway backup restore-streams ${cluster} --from ${backup}`] : []),
    ...uncoveredLines(uncovered),
    `  slipway cluster kubeconfig ${cluster} --merge`,
    `  slipway cluster status ${cluster}`,
    ...simulatedLines(simulated),
  ].join('\n');
}

/** What a copy is good for, or with a dry run what would be done. */
export function renderCopied(result: CopyResult, dryRun: boolean): string {
  const { copy, cluster, backup, dataAgeMs, tookMs, steps, proof, uncovered, simulated } = result;
  if (dryRun) return renderPlan(steps);
  return [
    `${copy} is a quarantined copy of ${cluster} from ${backup}, with data that was ${ageText(dataAgeMs)} old, in ${Math.round(tookMs / 1000)} s.`,
    ...proofLines(proof),
    ...uncoveredLines(uncovered),
    `  slipway cluster kubeconfig ${copy} --merge`,
    `  slipway cluster delete ${copy}`,
    ...simulatedLines(simulated),
  ].join('\n');
}

export function renderDrill({ cluster, drill, parts, steps }: DrillResult, dryRun: boolean): string {
  if (!drill && steps.length === 0) return `No drill is due: a restore of ${cluster} was proven less than a week ago.`;
  if (dryRun) return renderPlan(steps);
  return [
    ...(drill ? copyLines(drill) : []),
    ...parts.map((part) => `The ${partText(part)} can be brought back from ${part.backup}: ${provenPartText(part)}.`),
    ...uncoveredLines(drill?.uncovered ?? []),
    `  slipway cluster status ${cluster}`,
  ].join('\n');
}

const copyLines = ({ backup, dataAgeMs, tookMs, proof }: CopyResult): string[] => [
  `${backup} can be restored: data that was ${ageText(dataAgeMs)} old, in ${Math.round(tookMs / 1000)} s. The copy is deleted again.`,
  ...proofLines(proof),
];

const proofLines = (proof: Proof | undefined): string[] =>
  proof === undefined ? [] : [`Its API answers: ${plural(proof.objects, 'object')} of ${plural(proof.kinds, 'kind')}.`];

/** What was done, or with a dry run would be. */
export function renderRestoredVolumes(
  { backup, restored, left, steps }: RestoreVolumesResult,
  dryRun: boolean,
): string {
  if (dryRun) return renderPlan(steps);
  return [
    ...restored.map((claim) => `${claim} has a fresh volume with its files of ${backup}.`),
    ...(left.length > 0
      ? [`Let go and kept: ${left.join(', ')}. Delete them once all is well: kubectl delete pv`]
      : []),
    '  Scale what uses them up again: kubectl scale --replicas=…',
  ].join('\n');
}

/** Copies of volumes, by their claims. */
const volumeLines = (volumes: VerifyResult['verified'][number]['volumes']): string[] =>
  volumes.map(
    ({ claim, files, bytes, partial }) =>
      `  volume of ${claim}: ${plural(files, 'file')}, ${size(bytes)}${partial ? ', without some that went away meanwhile' : ''}`,
  );

/** What a restore does not bring back, by its name. */
const uncoveredLines = (uncovered: readonly Uncovered[]): string[] =>
  uncovered.map((one) => `  ! not covered: ${uncoveredText(one)}`);

function size(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.max(1, Math.round(bytes / 1024))} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
