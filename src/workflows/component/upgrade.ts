import type { Step } from '../../engine/index.js';
import { UsageError } from '../../errors/index.js';
import { changeOf } from '../../components/apply/change.js';
import { secretsFor } from '../../components/apply/secrets.js';
import { type ComponentUpgrade, planComponentUpgrades } from '../../phases/components.js';
import type { StepInfo } from '../../reporting/index.js';
import { type ComponentState, componentState, componentPlanInput } from './planned.js';
import { reachable } from './status.js';
import { type Operation, progress, type WorkflowContext } from '../context.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { throwProblems } from '../cluster/preflight.js';
import { execute, locked, stepInfo } from '../run.js';
import { allowReading, type Unchecked } from '../unchecked.js';

export interface ComponentUpgradeInput {
  readonly cluster: string;
  /** Components to upgrade; none: all that differ. */
  readonly names: readonly string[];
  readonly dryRun: boolean;
}

export interface ComponentUpgradeResult {
  readonly cluster: string;
  /** What was done, or with `dryRun` would be, in its order. */
  readonly steps: readonly StepInfo[];
  /** What a dry run could not look at. */
  readonly unchecked: readonly Unchecked[];
}

/**
 * Brings components that are there to the versions and values asked for: one at a time, those that others stand on
 * first, each healthy before the next. The first that fails gets its last version back, and the rest stay as they are.
 * @throws UsageError codes UNKNOWN_COMPONENT, COMPONENT_NOT_INSTALLED, TOKEN_READ_ONLY, TOKEN_REJECTED; IncompleteError code COMPONENT_PUT_BACK
 */
export async function upgradeComponents(
  context: WorkflowContext,
  input: ComponentUpgradeInput,
  retryCommand: string,
): Promise<ComponentUpgradeResult> {
  const { cluster, dryRun } = input;
  const known = await knownCluster(context.workspace, cluster);
  const operation = 'component upgrade';
  const draft = (): Promise<UpgradeDraft> => draftUpgrade(context, known, input);
  const upgrade = async ({ admit }: Operation): Promise<UpgradeDraft> => {
    const drafted = await draft();
    if (drafted.steps.length > 0) await execute(context, known.folder, operation, drafted.steps, retryCommand, admit);
    return drafted;
  };
  // Nobody is asked, so that nothing is drafted before the lock is held.
  const { steps, unchecked } = dryRun ? await draft() : await locked(context, known.folder, operation, upgrade);
  return { cluster, steps: steps.map(stepInfo), unchecked };
}

interface UpgradeDraft extends Pick<ComponentUpgradeResult, 'unchecked'> {
  readonly steps: readonly Step[];
}

async function draftUpgrade(
  context: WorkflowContext,
  { folder, record }: Awaited<ReturnType<typeof knownCluster>>,
  { cluster, names, dryRun }: ComponentUpgradeInput,
): Promise<UpgradeDraft> {
  const provider = await context.provider(record.spec.provider);
  progress(context, `looking at the components of ${cluster}`);
  const api = await reachable(context, cluster, await folder.kubeconfig());
  // The token goes into a Secret of the cluster: one that can only read would end what works with it there.
  const credential = await provider.credentialProblem({ signal: context.signal });
  const found = credential === undefined ? [] : [credential];
  const { problems, unchecked } = dryRun ? allowReading(found) : { problems: found, unchecked: [] };
  throwProblems(problems);
  const purpose = !dryRun ? 'change' : unchecked.length > 0 ? 'plan-read-only' : 'plan';
  const state = await componentState(context, provider, record, record.spec, api, purpose);
  const chosen = choose(cluster, state, names);
  const tools = { ...(await componentPlanInput(context, record, state)), kube: api.kube };
  return { steps: planComponentUpgrades(chosen, tools, state), unchecked: [...unchecked, ...state.unchecked] };
}

/** In the order of the selection: what others stand on goes first. */
function choose(
  cluster: string,
  { rendered, secrets, facts }: ComponentState,
  names: readonly string[],
): ComponentUpgrade[] {
  const unknown = names.filter((name) => !rendered.some((component) => component.id === name));
  if (unknown.length > 0) {
    throw new UsageError(`${cluster} is not asked to have ${unknown.join(', ')}.`, {
      code: 'UNKNOWN_COMPONENT',
      hint: `See what there is: slipway component status ${cluster}`,
    });
  }
  const differing = rendered.flatMap((component) => {
    const change = changeOf(component, secretsFor(component.id, secrets), facts);
    return change ? [{ component, change }] : [];
  });
  const missing = differing.filter(
    ({ component, change }) => change.kind === 'install' && names.includes(component.id),
  );
  if (missing.length > 0) {
    throw new UsageError(`Not installed yet: ${missing.map(({ component }) => component.id).join(', ')}.`, {
      code: 'COMPONENT_NOT_INSTALLED',
      hint: `Install what the file asks for: slipway cluster apply ${cluster}`,
    });
  }
  return differing.filter(
    ({ component, change }) => change.kind !== 'install' && (names.length === 0 || names.includes(component.id)),
  );
}
