import { plural } from '../../../domain/index.js';
import { InterruptedError, SlipwayError, UsageError } from '../../../errors/index.js';
import { canManage } from '../../../provider/managed.js';
import type { Confirmation } from '../../../reporting/index.js';
import type { ClusterRecord } from '../../../workspace/types.js';
import type { WorkflowContext } from '../../context.js';
import { stoppedIll } from '../../notify/ills.js';
import { tell } from '../../notify/tell.js';
import { destroyingLines } from '../asked-lines.js';
import { type ClusterInput, draftChange } from '../change-draft.js';
import type { UpgradeInput, UpgradeResult } from '../upgrade/input.js';
import { type PlannedDraft, runPlanned, shown } from './planned.js';

/** Brings the control plane to the next minor, then each node, emptied by us first. Killed anywhere, the same command goes on. */
export async function upgradeManaged(
  context: WorkflowContext,
  input: UpgradeInput,
  record: ClusterRecord,
  how: { readonly operation: string; readonly retryCommand: string },
): Promise<UpgradeResult> {
  const { folder, name } = { folder: context.workspace.cluster(record.name), name: record.name };
  refuseWays(name, input);
  const to = await versionFor(context, input.to, record);
  const { kubernetes } = record.spec;
  const spec = { ...record.spec, kubernetes: { ...kubernetes, version: to } };
  const { file } = record;
  const change: ClusterInput = { spec, file, recordedFileExists: file !== undefined, begin: () => input.begin(to) };
  const draftAt = async (...[looking, stage]: DraftArguments): Promise<PlannedDraft> => {
    const drafted = await draftChange(looking, change, record, stage, { lose: input.lose });
    return { change: drafted, steps: drafted.steps };
  };
  if (input.dryRun) return resultOf(await draftAt(context, 'to show'), to);
  try {
    const draft = await runPlanned(context, change, {
      ...how,
      draft: draftAt,
      confirmation: (found) => Promise.resolve(input.isAsked ? undefined : confirmationOf(name, found, to)),
      after: async () => {
        const done = (await folder.record())!;
        await folder.saveRecord({ ...done, runningVersion: to });
        await tell(context, folder, done, { ills: [], looked: ['upgrade'] });
      },
    });
    return resultOf(draft, to);
  } catch (error) {
    if (error instanceof SlipwayError && error.exitCode === 4 && !(error instanceof InterruptedError)) {
      const ills = [stoppedIll('upgrade', name, `The upgrade to ${to}`, error)];
      await tell(context, folder, record, { ills, looked: ['upgrade'] });
    }
    throw error;
  }
}

type DraftArguments = [looking: WorkflowContext, stage: 'to show' | 'to run'];

/** @throws UsageError code BAD_USAGE */
function refuseWays(cluster: string, { strategy, undrainable }: UpgradeInput): void {
  if (strategy === undefined && undrainable === 'stop') return;
  throw new UsageError(`The provider of ${cluster} replaces nodes itself, one after the other.`, {
    code: 'BAD_USAGE',
    hint: 'Leave out --strategy and --undrainable.',
  });
}

/** `stable` is the newest minor that the provider has. @throws UsageError code RELEASE_UNKNOWN */
async function versionFor(context: WorkflowContext, asked: string, record: ClusterRecord): Promise<string> {
  const distribution = await context.distribution(record.spec.kubernetes.distribution);
  if (asked !== 'stable') {
    const minor = /^v?(\d+\.\d+)$/.exec(asked)?.[1];
    if (minor !== undefined) return minor;
    throw new UsageError(`${asked} is no minor release, and the provider brings the patches itself.`, {
      code: 'RELEASE_UNKNOWN',
      hint: 'Name a minor: --to 1.36',
    });
  }
  const provider = await context.provider(record.spec.provider);
  const all = canManage(provider) ? await provider.managed.versions({ signal: context.signal }) : [];
  return [...all].sort(distribution.versions.compare).at(-1) ?? record.spec.kubernetes.version;
}

function confirmationOf(cluster: string, draft: PlannedDraft, to: string): Confirmation | undefined {
  const steps = shown(draft);
  if (steps.length === 0) return undefined;
  return {
    question: `Upgrade ${cluster} from ${draft.change.seen.facts.newcomerVersion} to ${to}, in ${plural(steps.length, 'step')}?`,
    details: destroyingLines(steps.filter(({ destroys }) => destroys)),
    flags: '--yes',
  };
}

const resultOf = (draft: PlannedDraft, to: string): UpgradeResult => ({
  cluster: draft.change.record.name,
  from: draft.change.seen.facts.newcomerVersion,
  to,
  stops: [to],
  steps: shown(draft),
  warnings: [],
  simulated: draft.change.provider.traits.simulated,
});
