import {
  type ClusterRef,
  controlPlanePool,
  findPool,
  type Machine,
  planRecycle,
  type RecycleBudgets,
  type RecycleIntent,
  type RecycleRound,
  type RecycleScope,
  type Rollout,
  scopeText,
  selectForRecycle,
  slotLabel,
  type Wave,
} from '../../../domain/index.js';
import type { ClusterSpec } from '../../../domain/spec/schema.js';
import { IncompleteError, RefusedError, UsageError } from '../../../errors/index.js';
import type { ClusterApi } from '../../../phases/context.js';
import { isUpNode } from '../../../phases/is-up.js';
import type { StepInfo } from '../../../reporting/index.js';
import type { ClusterRecord } from '../../../workspace/types.js';
import type { Stage } from '../../confirmed.js';
import type { WorkflowContext } from '../../context.js';
import { stepInfo } from '../../run.js';
import { type ChangeDraft, type ClusterInput, draftChange } from '../change-draft.js';
import { observe, type Observation } from '../observe.js';
import { preflight, throwProblems } from '../preflight.js';
import { type MonthlyPrice, monthlyPrice } from '../price.js';
import { readIntent, recycleCommand } from './intent.js';
import { shownSteps } from './shown.js';
import { candidatesOf, isCalled, stateOf } from './state.js';
import { heldByBudgets, type LeavingView, leavingView, removalProblems } from '../removal-check.js';
import { toolsFor } from '../tools.js';
import { volumeProblems } from '../volumes.js';

export interface RecycleInput extends ClusterInput {
  readonly scope: RecycleScope;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  /** Pods, as `namespace/pod`, that may be lost with their machine. */
  readonly lose: ReadonlySet<string>;
  /** Forgets what an unfinished recycle was to replace. */
  readonly restart: boolean;
  /** What passes after a wave, in milliseconds, and who is asked then why users are not served as before. */
  readonly between?:
    | {
        readonly soakMs: number;
        readonly served: ((options: { readonly signal: AbortSignal }) => Promise<string | undefined>) | undefined;
      }
    | undefined;
}

export interface RecycleDraft {
  /** What the file asks for beside, which is done first. */
  readonly change: ChangeDraft;
  readonly api: ClusterApi;
  /** What the run does, in the order in which it begins. */
  readonly steps: readonly StepInfo[];
  readonly waves: readonly Wave[];
  /** Undefined where nothing is to be replaced and nothing was begun. */
  readonly intent: RecycleIntent | undefined;
  /** Whether it goes on with what an earlier run began. */
  readonly isBegun: boolean;
  readonly monthly: MonthlyPrice | undefined;
}

/**
 * What would be replaced by what, in which order, and everything for which it is refused: found before the first change,
 * for all nodes. Changes nothing.
 * @throws RefusedError codes RECYCLE_UNFINISHED, RECYCLE_BLOCKED, and as `draftChange`; UsageError codes UNKNOWN_POOL,
 * UNKNOWN_MACHINE; IncompleteError code KUBE_UNREACHABLE
 */
export async function draftRecycle(
  context: WorkflowContext,
  input: RecycleInput,
  record: ClusterRecord,
  stage: Stage,
): Promise<RecycleDraft> {
  const { spec, lose, scope } = input;
  const change = await draftChange(context, input, record, stage, { lose });
  const { facts } = change.seen;
  if (!facts.api) throw silent(spec.name);
  const begun = input.restart ? undefined : await readIntent(facts.api.kube, { signal: context.signal });
  refuseOtherRecycle(spec.name, begun, scope);
  // What an unfinished one was to replace may have left, and not be called so any more.
  if (begun === undefined) refuseUnknown(record, spec, scope, facts.machines);
  const { targets, intent } = selectForRecycle(
    candidatesOf(facts, await addressHolder(context, input, change, change.seen)),
    scope,
    begun,
  );
  const { steps, ...replaced } = await draftReplacements(context, input, change, change.seen, targets);
  return {
    change,
    api: facts.api,
    ...replaced,
    steps: [...change.steps.map(stepInfo), ...steps],
    intent,
    isBegun: begun !== undefined,
  };
}

/** The cluster whose nodes are replaced. */
export interface RecycledCluster extends Pick<ChangeDraft, 'provider' | 'folder' | 'key'> {
  readonly record: ClusterRef;
}

/** By what, how many at a time, and at what cost. */
export type ReplacementInput = Pick<RecycleInput, 'spec' | 'lose' | 'maxSurge' | 'maxUnavailable'>;

/**
 * Who is replaced in which wave, and everything for which that is refused.
 * @param seen the cluster as it is
 * @throws RefusedError code RECYCLE_BLOCKED, and as `preflight`
 */
export async function draftReplacements(
  context: WorkflowContext,
  input: ReplacementInput,
  cluster: RecycledCluster,
  seen: Observation,
  targets: readonly Machine[],
  purpose: 'change' | 'plan' | 'status' = 'change',
): Promise<Pick<RecycleDraft, 'steps' | 'waves' | 'monthly'>> {
  const round = { replacing: new Set(targets.map(({ name }) => name)), leavingFirst: new Set<string>() };
  const look = purpose === 'status' ? 'from afar' : 'look at hosts';
  const all = await observeRound(context, input, cluster, round, look);
  const monthly = purpose === 'status' ? undefined : await priceOf(context, cluster, all);
  if (targets.length === 0) return { steps: [], waves: [], monthly };
  const leaving = purpose === 'status' ? undefined : await leavingView(all.facts, context.signal);
  if (purpose !== 'status') await refuseProblems(context, input, cluster, seen, { all, leaving }, purpose);
  const rollout = planRecycle(
    // What is down or begun is finished first, as `cluster apply` would.
    stateOf(cluster.record, seen.facts, seen.distribution, targets, { assumeUp: true }),
    await budgetsFor(context, input, cluster, targets),
  );
  refuseBlocked(input, cluster, rollout);
  return {
    steps: shownSteps(rollout, targets, all, cluster.provider, heldByBudgets(leaving)),
    waves: rollout.waves,
    monthly,
  };
}

/** Looks as if the machines of a round were not to stay. */
export const observeRound = (
  context: WorkflowContext,
  { spec }: Pick<ClusterInput, 'spec'>,
  { provider, folder, record, key }: RecycledCluster,
  round: RecycleRound,
  look: 'look at hosts' | 'from afar' = 'look at hosts',
): Promise<Observation> => observe(context, toolsFor(context, provider, folder), record, spec, key ?? '', look, round);

/** The server that holds the API's reserved address now; undefined where none is reserved, or none says that it does. */
export async function addressHolder(
  context: WorkflowContext,
  { spec }: Pick<ClusterInput, 'spec'>,
  { provider, folder, record }: RecycledCluster,
  { facts, request, distribution }: Observation,
): Promise<string | undefined> {
  if (spec.kubernetes.api.address === undefined) return undefined;
  const servers = facts.comparison.current.filter(
    ({ name, role }) => role === 'control-plane' && isUpNode(role, facts.nodes?.get(name), distribution),
  );
  const phase = { cluster: record, spec, request, facts, tools: toolsFor(context, provider, folder) };
  const upgrades = await distribution.upgrades?.();
  return (await upgrades?.lookAtServers(phase, servers, [], context))?.addressHolder;
}

/**
 * Whether fresh machines come first. Where machines are hosts of the file, that takes a spare one; without it a node leaves
 * its host, which is then taken as a fresh one.
 */
export async function budgetsFor(
  context: WorkflowContext,
  input: ReplacementInput,
  cluster: RecycledCluster,
  targets: readonly Machine[],
): Promise<RecycleBudgets> {
  const { maxSurge, maxUnavailable } = input;
  const hasSpare = async (role: Machine['role']): Promise<boolean> => {
    const first = targets.find((machine) => machine.role === role);
    if (maxSurge === 0 || first === undefined || cluster.provider.traits.ownsMachines) return maxSurge > 0;
    const round = { replacing: new Set([first.name]), leavingFirst: new Set<string>() };
    const { request } = await observeRound(context, input, cluster, round);
    const problems = await cluster.provider.preflight(request, { signal: context.signal });
    return !problems.some(({ code }) => code === 'NO_HOST' || code === 'HOST_TAKEN');
  };
  const workersFirst = await hasSpare('worker');
  return {
    serverFirst: await hasSpare('control-plane'),
    workers: workersFirst ? { maxSurge, maxUnavailable } : { maxSurge: 0, maxUnavailable: spareless(input, cluster) },
  };
}

/** Hosts that nobody can stand in for leave one after another. */
const spareless = ({ maxSurge, maxUnavailable }: ReplacementInput, { provider }: RecycledCluster): number =>
  maxSurge > 0 && !provider.traits.ownsMachines ? Math.max(1, maxUnavailable) : maxUnavailable;

const priceOf = (
  context: WorkflowContext,
  { provider, record }: RecycledCluster,
  all: Observation,
): Promise<MonthlyPrice | undefined> => monthlyPrice(provider, record, all, context.signal);

/** What would stop any of the rounds, all of it before the first. */
async function refuseProblems(
  context: WorkflowContext,
  { spec, lose }: ReplacementInput,
  { provider }: RecycledCluster,
  seen: Observation,
  { all, leaving }: { readonly all: Observation; readonly leaving: LeavingView | undefined },
  purpose: 'change' | 'plan',
): Promise<void> {
  const { signal } = context;
  const { request, facts, distribution } = all;
  throwProblems(await volumeProblems(provider, request.cluster, seen.facts.comparison, facts.comparison, signal));
  if (provider.traits.ownsMachines) await preflight(provider, spec, all, signal, { lose, purpose, leaving });
  // There are never as many hosts as all at once would take.
  else throwProblems(removalProblems(spec.name, facts, distribution, leaving, lose));
}

/** @throws RefusedError code RECYCLE_UNFINISHED */
export function refuseOtherRecycle(cluster: string, begun: RecycleIntent | undefined, scope: RecycleScope): void {
  if (begun === undefined || begun.scope === scopeText(scope)) return;
  throw new RefusedError(`Another recycle of ${cluster} is not finished: ${recycleCommand(cluster, begun.scope)}`, {
    code: 'RECYCLE_UNFINISHED',
    hint: 'Run that first, or add --restart to this one: nodes that the other has not replaced then stay, where this one leaves them.',
  });
}

/**
 * A node that was replaced already counts as known: the same command goes on after it.
 * @throws UsageError codes UNKNOWN_POOL, UNKNOWN_MACHINE
 */
export function refuseUnknown(
  cluster: ClusterRef,
  spec: ClusterSpec,
  scope: RecycleScope,
  machines: readonly Machine[],
): void {
  if (scope.kind === 'pool' && scope.pool !== controlPlanePool) findPool(spec, scope.pool);
  if (scope.kind !== 'nodes') return;
  const unknown = scope.nodes.find((node) => !machines.some((machine) => isCalled(cluster, machine, node)));
  if (unknown === undefined) return;
  throw new UsageError(`${spec.name} has no node called ${unknown}.`, {
    code: 'UNKNOWN_MACHINE',
    hint: `Name one by its name or its place: ${machines.map(slotLabel).join(', ')}.`,
  });
}

/** @throws RefusedError code RECYCLE_BLOCKED */
function refuseBlocked(
  { spec: { name, controlPlane }, maxSurge }: ReplacementInput,
  { provider }: RecycledCluster,
  { blocked }: Rollout,
): void {
  if (!blocked) return;
  const needsHost = controlPlane.count === 1 && maxSurge > 0 && !provider.traits.ownsMachines;
  throw new RefusedError(`${blocked.nodes.join(', ')} cannot be replaced: ${blocked.because}`, {
    code: 'RECYCLE_BLOCKED',
    hint: needsHost
      ? 'Add a spare host for the control plane to provider.hosts: a fresh server takes it first.'
      : 'Let a fresh machine come first (--max-surge 1) or a node be missed (--max-unavailable 1), or see which nodes are down: ' +
        `slipway cluster status ${name}`,
  });
}

export const silent = (cluster: string): IncompleteError =>
  new IncompleteError(`The Kubernetes API of ${cluster} does not answer, so nothing can be drained.`, {
    code: 'KUBE_UNREACHABLE',
    hint: `See the machines: slipway cluster status ${cluster}`,
  });
