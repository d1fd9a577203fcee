import { besideUpgrade, isBroughtByUpgrade } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { refusedHalfWay, SlipwayError } from '../../errors/index.js';
import { note, type WorkflowContext } from '../context.js';
import { keepLook } from './last-look.js';
import { type ClusterPlan, planChanges, reconcile, type ReconcileInput, type ReconcileResult } from './reconcile.js';
import type { ReplaceOptions } from './replacements.js';
import {
  upgradeCluster,
  upgradeConfirmation,
  type UpgradeHow,
  type UpgradeInput,
  type UpgradeResult,
} from './upgrade.js';

const operation = 'cluster apply';

/** How an upgrade goes that nobody said anything of. */
export const usualUpgrade: UpgradeHow = {
  maxUnavailable: '10%',
  soakMs: 0,
  acceptRemovedApis: false,
  gate: { url: undefined, query: undefined },
  strategy: undefined,
  lose: new Set(),
  undrainable: 'stop',
  maxQuarantined: '10%',
};

/**
 * Makes everything a cluster's file asks for: machines and settings, and then the release, asked about at once. An
 * upgrade that was stopped comes first, so that nothing else meets nodes that are half-way.
 * @throws as `reconcile` and `upgradeCluster`
 */
export async function applyFile(
  context: WorkflowContext,
  input: ReconcileInput,
  how: UpgradeHow,
  retryCommand: string,
): Promise<ReconcileResult> {
  const { spec } = input;
  const folder = context.workspace.cluster(spec.name);
  let isAsked = false;
  const upgrade = (): Promise<UpgradeResult> =>
    upgradeCluster(context, { ...upgradeInput(spec, how, false), isAsked }, retryCommand, operation);
  const asksMore: ReconcileInput['asksMore'] = async (looking, found) => {
    if (!asksForUpgrade(found)) return undefined;
    try {
      const confirmation = await upgradeConfirmation(looking, upgradeInput(spec, how, true));
      isAsked = confirmation !== undefined;
      return confirmation;
    } catch (error) {
      // The file's other changes may be what it wants; what flags say of it is wrong before and after them.
      const isOfFlags = error instanceof SlipwayError && ['GATE_FAILS', 'BAD_USAGE'].includes(error.code);
      if (error instanceof SlipwayError && !isOfFlags && !context.signal.aborted) return undefined;
      throw error;
    }
  };
  const begun =
    (await folder.record())?.upgrade?.stops.at(-1) === spec.kubernetes.version ? await upgrade() : undefined;
  const before = begun?.steps.length ?? 0;
  const rest = (): Promise<ReconcileResult> => reconcile(context, { ...input, asksMore }, operation, retryCommand);
  const result = before > 0 ? await refusedHalfWay(rest) : await rest();
  if (!asksForUpgrade(result)) return { ...result, changed: before + result.changed };
  const done = result.changed > 0 ? await refusedHalfWay(upgrade) : await upgrade();
  const outdated = besideUpgrade(result.outdated);
  await keepLook(context, folder, operation, { outdated, unfit: result.unfit }, 0);
  return { ...result, kubernetesVersion: done.to, outdated, changed: before + result.changed + done.steps.length };
}

/** What `applyFile` would do, without doing it. An upgrade that would be refused as things are is told of, and does not hide the rest. */
export async function planFile(
  context: WorkflowContext,
  input: ReconcileInput,
  { replace, how = usualUpgrade }: { readonly replace?: ReplaceOptions; readonly how?: UpgradeHow } = {},
): Promise<ClusterPlan> {
  const plan = await planChanges(context, input, replace);
  if (!asksForUpgrade(plan)) return plan;
  try {
    const { steps, warnings } = await upgradeCluster(context, upgradeInput(input.spec, how, true), '', operation);
    for (const warning of warnings) note(context, warning, 'warning');
    if (plan.steps.length > 0)
      note(context, 'Machines that join before are brought to the new release with the others.');
    return { ...plan, steps: [...plan.steps, ...steps], outdated: besideUpgrade(plan.outdated) };
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const {
      message,
      details,
      hint = `Look at it: slipway cluster upgrade ${input.spec.name} --to ${input.spec.kubernetes.version} --dry-run`,
    } = error;
    const because = `The upgrade to ${input.spec.kubernetes.version} would be refused now: ${message}`;
    return { ...plan, unchecked: [...plan.unchecked, { code: 'UPGRADE_REFUSED', message: because, details, hint }] };
  }
}

/** A machine that cannot be started beside the servers is for a person to decide about first: it is told, and nothing is begun. */
const asksForUpgrade = ({ outdated, unfit }: Pick<ReconcileResult, 'outdated' | 'unfit'>): boolean =>
  unfit.length === 0 && outdated.some(isBroughtByUpgrade);

/** The file has the release already. */
const upgradeInput = ({ name, kubernetes }: ClusterSpec, how: UpgradeHow, dryRun: boolean): UpgradeInput => ({
  ...how,
  cluster: name,
  to: kubernetes.version,
  bundle: kubernetes.bundle,
  dryRun,
  begin: async () => async () => {},
});
