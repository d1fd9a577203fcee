import { drillEveryMs, drillName } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Step } from '../../engine/index.js';
import { IncompleteError, messageOf } from '../../errors/index.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { copyCluster, type CopyResult } from '../cluster/copy.js';
import { note, type WorkflowContext } from '../context.js';
import { execute, locked } from '../run.js';

export interface DrillInput {
  readonly cluster: string;
  /** As its file says now; undefined: as it was applied last. */
  readonly spec: ClusterSpec | undefined;
  /** Where the backups are, if not where the file says. */
  readonly at: string | undefined;
  /** Which backup; undefined: the newest. */
  readonly id: string | undefined;
  /** Only where the last proven restore is more than a week ago. */
  readonly due: boolean;
  readonly dryRun: boolean;
}

export interface DrillResult {
  readonly cluster: string;
  /** Undefined: none is due. */
  readonly drill: CopyResult | undefined;
}

/**
 * Restores a backup to a machine of its own, counts what comes of it, and deletes that again, whatever came of it. What a drill
 * before it left is deleted first.
 * @throws what `copyCluster` does; IncompleteError code LEFT_BEHIND
 */
export async function drillBackup(
  context: WorkflowContext,
  { due, ...input }: DrillInput,
  retryCommand: string,
): Promise<DrillResult> {
  const { cluster } = input;
  const { restore } = (await context.workspace.cluster(cluster).lastBackup()) ?? {};
  if (due && restore && context.clock.now() - Date.parse(restore.at) < drillEveryMs)
    return { cluster, drill: undefined };
  const as = drillName(cluster);
  const folder = context.workspace.cluster(as);
  const make = { ...input, as, keepSecrets: false, drill: true };
  if (input.dryRun) return { cluster, drill: await copyCluster(context, make, retryCommand) };
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
  return { cluster, drill };
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
