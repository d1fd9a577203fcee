import { besideSettings, besideUpgrade, isBroughtByUpgrade, isConfiguredByApply } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { SlipwayError, stoppedHalfWay } from '../../errors/index.js';
import type { Confirmation } from '../../reporting/index.js';
import { askedTogether } from '../confirmed.js';
import { note, type WorkflowContext } from '../context.js';
import type { Unchecked } from '../unchecked.js';
import { keepLook } from './last-look.js';
import { type ClusterPlan, planChanges, reconcile, type ReconcileInput, type ReconcileResult } from './reconcile.js';
import type { ReplaceOptions } from './replacements.js';
import { changeSettings, planSettings, settingsConfirmation } from './settings.js';
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
 * Makes everything a cluster's file asks for: machines first, then the settings of nodes that run, then the release, asked
 * about at once. An upgrade that was stopped comes before all, so that nothing else meets nodes that are half-way.
 * What one of these is refused for does not keep those before it from being done.
 * @throws as `reconcile`, `changeSettings` and `upgradeCluster`; IncompleteError where something was done before
 */
export async function applyFile(
  context: WorkflowContext,
  input: ReconcileInput,
  how: UpgradeHow,
  retryCommand: string,
): Promise<ReconcileResult> {
  const { spec } = input;
  const folder = context.workspace.cluster(spec.name);
  const isAsked = { settings: false, upgrade: false };
  const upgrade = (): Promise<UpgradeResult> =>
    upgradeCluster(context, { ...upgradeInput(spec, how, false), isAsked: isAsked.upgrade }, retryCommand, operation);
  const asksMore: ReconcileInput['asksMore'] = async (looking, found) => {
    const settings = asksForSettings(found)
      ? await unlessRefused(context, () => settingsConfirmation(looking, spec))
      : undefined;
    const release = asksForUpgrade(found)
      ? await unlessRefused(context, () => upgradeConfirmation(looking, upgradeInput(spec, how, true)))
      : undefined;
    isAsked.settings = settings !== undefined;
    isAsked.upgrade = release !== undefined;
    return askedTogether(settings, release);
  };
  let changed = 0;
  const next = <T>(work: () => Promise<T>): Promise<T> => (changed > 0 ? stoppedHalfWay(work) : work());
  const isBegun = (await folder.record())?.upgrade?.stops.at(-1) === spec.kubernetes.version;
  if (isBegun) changed += (await upgrade()).steps.length;
  let result = await next(() => reconcile(context, { ...input, asksMore }, operation, retryCommand));
  changed += result.changed;
  const asked = { settings: asksForSettings(result), upgrade: asksForUpgrade(result) };
  if (asked.settings) {
    changed += (await next(() => changeSettings(context, { spec, isAsked: isAsked.settings }, retryCommand, operation)))
      .length;
    result = { ...result, outdated: besideSettings(result.outdated) };
  }
  if (asked.upgrade) {
    const { steps, to } = await next(upgrade);
    changed += steps.length;
    result = { ...result, kubernetesVersion: to, outdated: besideUpgrade(result.outdated) };
  }
  if (asked.settings || asked.upgrade) await keepLook(context, folder, operation, result, 0);
  return { ...result, changed };
}

/** The file's other changes may be what a refusal wants, and come first; what flags say is wrong before and after them. */
async function unlessRefused(
  { signal }: WorkflowContext,
  confirmation: () => Promise<Confirmation | undefined>,
): Promise<Confirmation | undefined> {
  try {
    return await confirmation();
  } catch (error) {
    const isOfFlags = error instanceof SlipwayError && ['GATE_FAILS', 'BAD_USAGE'].includes(error.code);
    if (error instanceof SlipwayError && !isOfFlags && !signal.aborted) return undefined;
    throw error;
  }
}

/**
 * What `applyFile` would do, without doing it. What would be refused as things are is told of, and does not hide the rest.
 */
export async function planFile(
  context: WorkflowContext,
  input: ReconcileInput,
  { replace, how = usualUpgrade }: { readonly replace?: ReplaceOptions; readonly how?: UpgradeHow } = {},
): Promise<ClusterPlan> {
  const { spec } = input;
  const { name, kubernetes } = spec;
  let plan = await planChanges(context, input, replace);
  const joins = plan.steps.length > 0;
  const asked = { settings: asksForSettings(plan), upgrade: asksForUpgrade(plan) };
  if (asked.settings) {
    const work = async (): Promise<ClusterPlan> => {
      const steps = await planSettings(context, spec);
      if (joins) note(context, 'Servers that join before get the new settings with the others.');
      return { ...plan, steps: [...plan.steps, ...steps], outdated: besideSettings(plan.outdated) };
    };
    plan = await orUnchecked(plan, work, (message) => ({
      code: 'SETTINGS_REFUSED',
      message: `The change of settings would be refused now: ${message}`,
      hint: `See what is wrong: slipway cluster status ${name}`,
    }));
  }
  if (asked.upgrade) {
    const work = async (): Promise<ClusterPlan> => {
      const { steps, warnings } = await upgradeCluster(context, upgradeInput(spec, how, true), '', operation);
      for (const warning of warnings) note(context, warning, 'warning');
      if (joins) note(context, 'Machines that join before are brought to the new release with the others.');
      return { ...plan, steps: [...plan.steps, ...steps], outdated: besideUpgrade(plan.outdated) };
    };
    plan = await orUnchecked(plan, work, (message) => ({
      code: 'UPGRADE_REFUSED',
      message: `The upgrade to ${kubernetes.version} would be refused now: ${message}`,
      hint: `Look at it: slipway cluster upgrade ${name} --to ${kubernetes.version} --dry-run`,
    }));
  }
  return plan;
}

/** The plan as it is, with why more cannot be shown. The error's own hint counts where it has one. */
async function orUnchecked(
  plan: ClusterPlan,
  work: () => Promise<ClusterPlan>,
  toTell: (message: string) => Unchecked,
): Promise<ClusterPlan> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const { hint, ...told } = toTell(error.message);
    return { ...plan, unchecked: [...plan.unchecked, { ...told, details: error.details, hint: error.hint ?? hint }] };
  }
}

type Found = Pick<ReconcileResult, 'outdated' | 'unfit'>;

const asksForSettings = ({ outdated }: Found): boolean => outdated.some(isConfiguredByApply);

/** A machine that cannot be started beside the servers is for a person to decide about first: it is told, and nothing is begun. */
const asksForUpgrade = ({ outdated, unfit }: Found): boolean => unfit.length === 0 && outdated.some(isBroughtByUpgrade);

/** The file has the release already. */
const upgradeInput = ({ name, kubernetes }: ClusterSpec, how: UpgradeHow, dryRun: boolean): UpgradeInput => ({
  ...how,
  cluster: name,
  to: kubernetes.version,
  bundle: kubernetes.bundle,
  dryRun,
  begin: async () => async () => {},
});
