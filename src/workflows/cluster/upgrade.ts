import { plural } from '../../domain/index.js';
import type { Step } from '../../engine/index.js';
import { InterruptedError, RefusedError, refusedHalfWay, SlipwayError } from '../../errors/index.js';
import type { ClusterFolder } from '../../workspace/types.js';
import type { Confirmation } from '../../reporting/index.js';
import { type Change, confirmed } from '../confirmed.js';
import type { WorkflowContext } from '../context.js';
import { executing, type RunSteps } from '../run.js';
import { knownCluster } from './known-cluster.js';
import { plansRollouts } from './managed/recycle.js';
import { upgradeManaged } from './managed/upgrade.js';
import { costLines, destroyingLines } from './asked-lines.js';
import { draftChange } from './change-draft.js';
import { stoppedIll } from '../notify/ills.js';
import { tell } from '../notify/tell.js';
import { draftUpgrade, type UpgradeDraft } from './upgrade/draft.js';
import { replaceNodes } from './upgrade/replace.js';
import type { UpgradeInput, UpgradeResult } from './upgrade/input.js';

export type { UpgradeHow, UpgradeInput, UpgradeResult } from './upgrade/input.js';

/**
 * Brings every node of a cluster to another release of Kubernetes: minor by minor, servers first and one at a time.
 * @throws what `draftUpgrade` refuses; IncompleteError codes UPGRADE_PUT_BACK, UPGRADE_FAILED, ROLLOUT_STOPPED, DRAIN_TIMEOUT
 */
export async function upgradeCluster(
  context: WorkflowContext,
  input: UpgradeInput,
  retryCommand: string,
  operation = 'cluster upgrade',
): Promise<UpgradeResult> {
  const { folder, record } = await knownCluster(context.workspace, input.cluster);
  if (await plansRollouts(context, record)) return upgradeManaged(context, input, record, { operation, retryCommand });
  const draft = (looking: WorkflowContext): Promise<UpgradeDraft> => draftOf(looking, input);
  if (input.dryRun) return resultOf(record.name, await draft(context));
  const change: Change<UpgradeDraft> = {
    folder,
    operation,
    retryCommand,
    draft,
    confirmation: async (found) => (input.isAsked ? undefined : confirmationOf(record.name, found)),
  };
  return confirmed(context, change, async (found, once, { admit }) => {
    const to = found.stops.at(-1)!;
    const before = (await folder.record()) ?? record;
    if (found.steps.length > 0 || found.placesEmpty) {
      const takeBack = await input.begin(to);
      const { kubernetes } = before.spec;
      const spec = {
        ...before.spec,
        kubernetes: { ...kubernetes, bundle: input.bundle ?? kubernetes.bundle, version: to },
      };
      await folder.saveRecord({
        ...before,
        spec,
        upgrade: { asked: input.to, stops: found.stops, strategy: found.strategy },
      });
      try {
        const work = async (run: RunSteps): Promise<void> => {
          const { steps, replacing } = found.work;
          if (steps.length > 0) await run(steps);
          if (replacing) await replaceNodes(once, { ...replacing.run, record: before }, replacing, run);
          if (input.undrainable === 'quarantine') await run(await replacingAside(once, folder, to));
        };
        await executing(context, folder, operation, retryCommand, work, admit);
      } catch (error) {
        // What steps refused before any change is as if it had not been asked for.
        if (error instanceof RefusedError) {
          await takeBack();
          await folder.saveRecord(before);
        } else if (error instanceof SlipwayError && !(error instanceof InterruptedError)) {
          const ills = [stoppedIll('upgrade', record.name, `The upgrade to ${to}`, error)];
          await tell(context, folder, before, { ills, looked: ['upgrade'] });
        }
        throw error;
      }
    }
    const done = (await folder.record()) ?? before;
    await folder.saveRecord({ ...done, runningVersion: to, upgrade: undefined });
    await tell(context, folder, done, { ills: [], looked: ['upgrade'] });
    return resultOf(record.name, found);
  });
}

/** What gives the places of workers that were set aside to fresh machines: what the cluster is asked for, compared anew. */
async function replacingAside(context: WorkflowContext, folder: ClusterFolder, to: string): Promise<readonly Step[]> {
  const record = (await folder.record())!;
  const { file } = record;
  const spec = { ...record.spec, kubernetes: { ...record.spec.kubernetes, version: to } };
  const input = { spec, file, recordedFileExists: file !== undefined };
  const { steps, seen } = await refusedHalfWay(() => draftChange(context, input, record, 'to run'));
  return (seen.facts.comparison.held ?? []).length > 0 ? steps : [];
}

/** What an upgrade would be asked about; undefined where there is nothing to do. @throws what `draftUpgrade` refuses */
export async function upgradeConfirmation(
  context: WorkflowContext,
  input: UpgradeInput,
): Promise<Confirmation | undefined> {
  return confirmationOf(input.cluster, await draftOf(context, input));
}

async function draftOf(context: WorkflowContext, input: UpgradeInput): Promise<UpgradeDraft> {
  const { folder, record } = await knownCluster(context.workspace, input.cluster);
  const { kubernetes } = record.spec;
  const spec = { ...record.spec, kubernetes: { ...kubernetes, bundle: input.bundle ?? kubernetes.bundle } };
  return draftUpgrade(context, { ...input, folder, record, spec });
}

function resultOf(cluster: string, { from, stops, steps, warnings, simulated }: UpgradeDraft): UpgradeResult {
  return { cluster, from, to: stops.at(-1)!, stops, steps, warnings, simulated };
}

function confirmationOf(
  cluster: string,
  { steps, from, stops, stages, warnings, work: { replacing } }: UpgradeDraft,
): Confirmation | undefined {
  if (steps.length === 0) return undefined;
  const by = stops.length > 1 ? ` by way of ${stops.slice(0, -1).join(' and ')}` : '';
  const groups = stages.flatMap(({ to, servers, workers }) => [
    ...(servers.length > 0 ? [`${plural(servers.length, 'server')} to ${to}, one at a time`] : []),
    ...(workers.length > 0 ? [`${plural(workers.length, 'worker')} to ${to}`] : []),
  ]);
  return {
    question: `Upgrade ${cluster} from ${from} to ${stops.at(-1)!}${by}, in ${plural(steps.length, 'step')}?`,
    details: [
      ...groups,
      ...destroyingLines(steps.filter(({ destroys }) => destroys)),
      ...costLines(replacing?.monthly),
      ...warnings,
    ],
    flags: '--yes',
  };
}
