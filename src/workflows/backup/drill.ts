import {
  type BackupPart,
  drillEveryMs,
  drillName,
  partsHeld,
  partsToProve,
  type ProvenPart,
} from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Step } from '../../engine/index.js';
import { IncompleteError, messageOf } from '../../errors/index.js';
import type { StepInfo } from '../../reporting/index.js';
import type { ClusterFolder, ClusterRecord, LastBackup } from '../../workspace/types.js';
import { copyCluster, type CopyResult } from '../cluster/copy.js';
import { note, type WorkflowContext } from '../context.js';
import { execute, locked, stepInfo } from '../run.js';
import { type PartsDrill, planParts, runParts } from './drill-parts.js';
import { chosenId, openSets } from './sets.js';

export interface DrillInput {
  readonly cluster: string;
  /** As its file says now; undefined: as it was applied last. */
  readonly spec: ClusterSpec | undefined;
  /** Where the backups are, if not where the file says. */
  readonly at: string | undefined;
  /** Which backup; undefined: the newest. */
  readonly id: string | undefined;
  /** Only what was not proven within a week: etcd’s data, and each copy of a volume or stream. */
  readonly due: boolean;
  readonly dryRun: boolean;
}

export interface DrillResult {
  readonly cluster: string;
  /** The copy of the cluster that was made of etcd’s data; undefined: none is due. */
  readonly drill: CopyResult | undefined;
  /** Copies of volumes and streams that were brought back, each where nothing of it stays. */
  readonly parts: readonly ProvenPart[];
  /** With a dry run what would be done, the copy of the cluster included. */
  readonly steps: readonly StepInfo[];
}

/**
 * Proves each kind of thing that a backup holds. Etcd’s data are restored to a machine of their own, counted, and deleted again,
 * whatever came of it; what a drill before it left is deleted first. Copies of volumes and of streams are brought back into pods of
 * a moment, and read.
 * @throws what `copyCluster` does; IncompleteError codes LEFT_BEHIND, DRILL_PARTIAL; UsageError, RefusedError code VOLUME_KEY
 */
export async function drillBackup(
  context: WorkflowContext,
  { due, ...input }: DrillInput,
  retryCommand: string,
): Promise<DrillResult> {
  const { cluster } = input;
  const last = (await context.workspace.cluster(cluster).lastBackup()) ?? {};
  const now = context.clock.now();
  const isCopyDue = !due || !last.restore || now - Date.parse(last.restore.at) >= drillEveryMs;
  // Which copies another backup has is only known once it is read.
  const isAnyDue = isCopyDue || input.id !== undefined || partsDue(partsHeld(last.backup ?? {}), last, now).length > 0;
  if (!isAnyDue) return { cluster, drill: undefined, parts: [], steps: [] };
  const drill = isCopyDue ? await drillCopy(context, input, retryCommand) : undefined;
  const id = drill?.backup ?? input.id;
  const planned = await plannedParts(context, { ...input, id, due }, last);
  const steps = [...(drill?.steps ?? []), ...planned.steps.map(stepInfo)];
  if (input.dryRun) return { cluster, drill, parts: [], steps };
  return { cluster, drill, parts: await runParts(context, cluster, planned, retryCommand), steps };
}

const partsDue = (held: readonly BackupPart[], { parts = [] }: LastBackup, now: number): readonly BackupPart[] =>
  partsToProve(held, parts, now, drillEveryMs);

/** What of a backup beside etcd’s data is to be tried; nothing of a cluster that this workspace does not know. */
async function plannedParts(
  context: WorkflowContext,
  { due, ...input }: Omit<DrillInput, 'dryRun'>,
  last: LastBackup,
): Promise<PartsDrill> {
  const { cluster } = input;
  const record = await context.workspace.cluster(cluster).record();
  if (!record) return { steps: [], tried: [] };
  const spec = input.spec ?? record.spec;
  const sets = await openSets(context, { ...input, spec });
  const manifest = await sets.manifest(cluster, await chosenId(context, sets, cluster, input.id));
  const held = partsHeld({
    volumes: manifest.volumes.map(({ claim }) => claim),
    streams: manifest.streams.map(({ name }) => name),
  });
  const parts = due ? partsDue(held, last, context.clock.now()) : held;
  if (parts.length === 0) return { steps: [], tried: [] };
  return planParts(context, { cluster, spec, sets, manifest, parts });
}

/** Restores etcd’s data to a machine of its own. */
async function drillCopy(
  context: WorkflowContext,
  input: Omit<DrillInput, 'due'>,
  retryCommand: string,
): Promise<CopyResult> {
  const as = drillName(input.cluster);
  const folder = context.workspace.cluster(as);
  const make = { ...input, as, keepSecrets: false, drill: true };
  if (input.dryRun) return copyCluster(context, make, retryCommand);
  const left = await folder.record();
  if (left?.quarantine?.drill) await deleteCopy(context, folder, left, retryCommand);
  let drill: CopyResult;
  try {
    drill = await copyCluster(context, make, retryCommand);
  } catch (error) {
    await clearFailed(context, folder, retryCommand);
    throw error;
  }
  const made = await folder.record();
  if (made?.quarantine?.drill) await deleteCopy(context, folder, made, retryCommand);
  return drill;
}

/** Deletes what a drill has made that failed. Why it failed is what is thrown: what stays is named beside that. */
async function clearFailed(context: WorkflowContext, folder: ClusterFolder, retryCommand: string): Promise<void> {
  const stays = (why: string): void =>
    note(
      context,
      `The machine of the drill is still there${why}. The next drill deletes it, and so does: slipway cluster delete ${folder.name}`,
      'warning',
    );
  try {
    const made = await folder.record();
    if (!made?.quarantine?.drill) return;
    if (context.signal.aborted) stays('');
    else await deleteCopy(context, folder, made, retryCommand);
  } catch (error) {
    stays(`: ${messageOf(error).replace(/\.$/, '')}`);
  }
}

const phase = 'Delete the copy';

/** Deletes the machine and what it stood on. A copy makes nothing else: what its data name is another cluster’s. */
async function deleteCopy(
  context: WorkflowContext,
  folder: ClusterFolder,
  record: ClusterRecord,
  retryCommand: string,
): Promise<void> {
  const provider = await context.provider(record.spec.provider);
  const operation = 'backup drill';
  await locked(context, folder, operation, async (run) => {
    const [machines, items] = await Promise.all([
      provider.machines.list(record, context),
      provider.infrastructure.list(record, context),
    ]);
    const gone = machines.map((machine): Step => ({
      id: `delete:${machine.name}`,
      phase,
      target: machine.name,
      text: machine.host === undefined ? 'delete the machine' : `release ${machine.host}`,
      needs: [],
      destroys: true,
      apply: (step) => provider.machines.delete(machine, step),
    }));
    const steps = items.reduce<Step[]>(
      (before, item) => [
        ...before,
        {
          id: `infrastructure:${item.kind}:${item.id}`,
          phase,
          target: item.name,
          text: `remove the ${item.kind}`,
          needs: before,
          destroys: true,
          apply: (step) => provider.infrastructure.remove(item, step),
        },
      ],
      gone,
    );
    // With the machine the API goes, from which others would be kept out.
    if (steps.length > 0) await execute(context, folder, operation, steps, retryCommand, run.admit);
    run.clusterIsGone();
    const left = [
      ...(await provider.machines.list(record, context)),
      ...(await provider.infrastructure.list(record, context)),
    ].map(({ name }) => name);
    if (left.length > 0) {
      throw new IncompleteError(
        `The copy of the drill is not gone: ${provider.title} still lists ${left.join(', ')}.`,
        {
          code: 'LEFT_BEHIND',
          hint: `Delete it: slipway cluster delete ${folder.name}`,
        },
      );
    }
    await folder.remove();
  });
}
