import type { ClusterRef, DesiredMachine, RecycleRound } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { RefusedError, SlipwayError } from '../../errors/index.js';
import type { ObserveRequest } from '../../distributions/port.js';
import type { RestoreSource } from '../../phases/context.js';
import type { MachineProvider } from '../../provider/port.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import {
  componentPlanInput,
  type ComponentPurpose,
  type ComponentState,
  componentState,
  componentsToPlan,
} from '../component/planned.js';
import type { WorkflowContext } from '../context.js';
import type { Unchecked } from '../unchecked.js';
import { refuseMovedAddress } from './api-address.js';
import { brokenRules } from './broken-rules.js';
import { hostKeyProblems } from './host-keys.js';
import { observe, type Observation } from './observe.js';
import { refuseFixedSettings, refuseOlderVersion } from './outdated.js';
import { planCluster, type PlannedCluster } from './plan.js';
import { preflight, ruleProblems, throwProblems } from './preflight.js';
import { heldByBudgets, leavingView } from './removal-check.js';
import { unlessShutOut } from './shut-out.js';
import { unfinishedRecycle } from './recycle/intent.js';
import { warnOfShortages } from './shortages.js';
import { keyProblem } from './ssh-key.js';
import { toolsFor } from './tools.js';

/** A cluster, and what its file asks for. */
export interface DraftBase {
  readonly provider: MachineProvider;
  readonly folder: ClusterFolder;
  readonly cluster: ClusterRef;
  /** Undefined of a cluster that is only planned. */
  readonly record: ClusterRecord | undefined;
  readonly spec: ClusterSpec;
  /** The cluster's public SSH key; undefined while it has none. */
  readonly key: string | undefined;
}

export interface DraftInput extends DraftBase {
  /** What a new machine is given; called when a step is run. */
  readonly userData?: ((machine: DesiredMachine) => Promise<string>) | undefined;
  /** A plan goes without what a token for reading does not show, and without secrets that are missing. */
  readonly purpose: 'plan' | 'change';
  /** Machines that are replaced although they are what the file asks for. */
  readonly round?: RecycleRound | undefined;
  /** Pods, as `namespace/pod`, that may be lost with their machine. */
  readonly lose?: ReadonlySet<string> | undefined;
  /** What the control plane is to begin with; its components come with it. */
  readonly restore?: RestoreSource | undefined;
}

/** What a run would do, and what it was made from. */
export interface Draft extends Pick<PlannedCluster, 'steps'> {
  readonly seen: Observation;
  /** What a plan could not look at; empty to change. */
  readonly unchecked: readonly Unchecked[];
}

/**
 * Looks at everything and says what a run would do, or why it would be refused. Changes nothing: `plan` shows it, `apply`
 * runs it, so that the two cannot differ.
 * @throws RefusedError and UsageError: everything for which a change is refused before its first step
 */
export async function draftCluster(context: WorkflowContext, input: DraftInput): Promise<Draft> {
  const { provider, folder, cluster, spec, userData = nothingIsMade, purpose, round, lose, restore } = input;
  const tools = toolsFor(context, provider, folder);
  const seen = await observe(
    context,
    tools,
    cluster,
    spec,
    keyOf(context, input),
    restore ? 'without the API' : 'look at hosts',
    round,
  );
  warnOfShortages(context, { nodes: seen.facts.nodes?.values(), machines: seen.facts.machines });
  const [refused] = refusals(input, seen);
  if (refused) throw refused;
  const leaving = restore ? undefined : await leavingView(seen.facts, context.signal);
  const planFor = async (as: ComponentPurpose): Promise<PlannedCluster & Pick<Draft, 'unchecked'>> => {
    if (restore) return { ...planCluster(seen, { userData, restore }), unchecked: [] };
    if (!runsCharts(seen))
      return { ...planCluster(seen, { lose, held: heldByBudgets(leaving), userData }), unchecked: [] };
    const components = await componentsToPlan(context, provider, cluster, spec, seen.facts.api, as);
    return {
      ...planCluster(seen, { userData, lose, held: heldByBudgets(leaving) }, components),
      unchecked: components.unchecked,
    };
  };
  const planned = await planFor(purpose);
  if (planned.steps.length === 0) {
    throwProblems(await ruleProblems(provider, spec, seen, context.signal));
    return { steps: [], unchecked: planned.unchecked, seen };
  }
  const hostKeys = await hostKeyProblems(context, tools, seen, planned);
  const allowed = await preflight(provider, spec, seen, context.signal, { hostKeys, purpose, lose, leaving });
  // A token for reading is not the one that the cluster's components work with.
  const isReadOnly = allowed.some(({ code }) => code === 'TOKEN_READ_ONLY');
  const { steps, unchecked } = isReadOnly ? await planFor('plan-read-only') : planned;
  return { steps, unchecked: [...allowed, ...unchecked], seen };
}

/** A draft made from afar: hosts are not logged in to, and nobody is asked for secrets. */
export interface StatusDraft extends Pick<Draft, 'seen' | 'steps'> {
  /** Why the cluster’s API lets nobody in with the credentials that are kept here; undefined: it does, or is silent. */
  readonly shutOut: string | undefined;
  /** What a change would be refused for or warned of, as far as it shows from afar. */
  readonly remarks: readonly string[];
}

/** The draft of those who only look: what a change would be refused for is told beside it, and not thrown. */
export async function draftForStatus(context: WorkflowContext, input: DraftBase): Promise<StatusDraft> {
  const { provider, folder, cluster, spec } = input;
  const tools = toolsFor(context, provider, folder);
  const look = (how: ObserveRequest['look']): Promise<Observation> =>
    observe(context, tools, cluster, spec, keyOf(context, input), how);
  const inside = await unlessShutOut(context, folder, look('from afar'));
  // Without its nodes nobody can say what a change would do: what the provider tells is all there is.
  if ('shutOut' in inside) {
    const seen = await look('from afar, without the API');
    return { seen, steps: [], shutOut: inside.shutOut, remarks: [shutOutRemark(inside.shutOut)] };
  }
  const { found: seen } = inside;
  const refused = refusals(input, seen);
  const remarks = refused.map(({ message, hint }) => `${message} ${hint}`);
  remarks.push(...(seen.remarks ?? []));
  const state = runsCharts(seen) ? await whatComponents(context, input, seen, remarks) : undefined;
  remarks.push(...(await unfinishedRecycle(spec.name, seen.facts.api, context)));
  remarks.push(...(await brokenRules(context, provider, spec, seen, state)));
  const components = state && (await componentPlanInput(context, cluster, state));
  const isKeyLost = refused.some(({ code }) => code === 'SSH_KEY_LOST' || code === 'SSH_KEY_CHANGED');
  const { steps } = planCluster(
    seen,
    { userData: nothingIsMade, resources: isKeyLost ? withoutKey(seen) : undefined },
    components,
  );
  return { seen, steps, remarks, shutOut: undefined };
}

const shutOutRemark = (why: string): string =>
  `Nodes, releases, components and what differs from the file could not be looked at: ${why}`;

/** What the cluster has of its components; undefined, with a remark, where that cannot be told. */
async function whatComponents(
  context: WorkflowContext,
  { provider, cluster, spec }: DraftBase,
  { facts }: Observation,
  remarks: string[],
): Promise<ComponentState | undefined> {
  try {
    return await componentState(context, provider, cluster, spec, facts.api, 'look');
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    remarks.push(`Nothing is known of the components: ${error.message}`);
    return undefined;
  }
}

/** The cluster's key; before it has one, any shows what would be made. */
const keyOf = (context: WorkflowContext, { key }: DraftBase): string => key ?? context.newKeyPair().publicKey;

const nothingIsMade = (): Promise<string> => Promise.reject(new Error('what is only looked at makes no machine'));

/** Components are charts, which not every distribution has something to install with. */
const runsCharts = ({ distribution }: Observation): boolean => !distribution.lacks?.has('component upgrade');

/** Why nothing may be changed in the cluster as it was found, the most pressing first. */
function refusals(
  { folder, record, spec, key, restore }: DraftBase & Pick<DraftInput, 'restore'>,
  { facts, distribution, refuseLostControlPlane, refuseImpossible }: Observation,
): readonly RefusedError[] {
  const lost = record && keyProblem(folder, record, key, facts);
  return [
    ...(lost ? [lost] : []),
    ...(restore ? [] : refusalOf(refuseLostControlPlane)),
    ...(refuseImpossible ? refusalOf(refuseImpossible) : []),
    ...refusalOf(() => refuseOlderVersion(spec.name, facts, distribution.versions)),
    ...refusalOf(() => refuseFixedSettings(spec.name, facts)),
    ...(record ? refusalOf(() => refuseMovedAddress(record.spec, spec, facts)) : []),
  ];
}

function refusalOf(check: () => void): readonly RefusedError[] {
  try {
    check();
    return [];
  } catch (error) {
    if (error instanceof RefusedError) return [error];
    throw error;
  }
}

/** A key that no machine knows is not one for the provider to have. */
const withoutKey = ({ facts }: Observation): Observation['facts']['resources'] =>
  facts.resources.filter(({ role }) => role?.kind !== 'cluster-key');
