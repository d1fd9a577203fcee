import { type Machine, slotLabel, type UpgradeStage } from '../../../domain/index.js';
import type { ClusterSpec } from '../../../domain/spec/schema.js';
import type { Upgrades } from '../../../distributions/upgrades.js';
import { IncompleteError, refusedHalfWay, UsageError } from '../../../errors/index.js';
import { deadlines } from '../../../phases/deadlines.js';
import type { StepInfo } from '../../../reporting/index.js';
import type { ClusterRecord } from '../../../workspace/types.js';
import type { WorkflowContext } from '../../context.js';
import type { RunSteps } from '../../run.js';
import { draftChange } from '../change-draft.js';
import type { Observation } from '../observe.js';
import type { MonthlyPrice } from '../price.js';
import { draftReplacements, type RecycledCluster, type RecycleInput } from '../recycle/draft.js';
import { Rounds } from '../recycle/rounds.js';
import { toolsFor } from '../tools.js';

/** An upgrade by fresh machines. */
export interface Replacing {
  /** One line for each node, release by release. */
  readonly steps: readonly StepInfo[];
  readonly stages: readonly ReplacedStage[];
  readonly monthly: MonthlyPrice | undefined;
}

interface ReplacedStage {
  readonly to: string;
  /** Whose nodes are replaced; undefined: all. */
  readonly role: Machine['role'] | undefined;
  readonly waves: Awaited<ReturnType<typeof draftReplacements>>['waves'];
}

interface ReplacingInput {
  readonly spec: ClusterSpec;
  /** How many fresh workers come at a time, before those leave whose places they take. */
  readonly maxSurge: number;
  /** Pods, as `namespace/pod`, that may be lost with their machine. */
  readonly lose: ReadonlySet<string>;
}

const at = (spec: ClusterSpec, version: string): ClusterSpec => ({
  ...spec,
  kubernetes: { ...spec.kubernetes, version },
});

/**
 * Who is replaced at which release, and everything for which that is refused.
 * @throws UsageError code BAD_USAGE: nobody makes machines here; what `draftReplacements` refuses
 */
export async function draftReplacing(
  context: WorkflowContext,
  { spec, maxSurge, lose }: ReplacingInput,
  cluster: RecycledCluster,
  seen: Observation,
  stages: readonly UpgradeStage[],
): Promise<Replacing> {
  const { traits, title } = cluster.provider;
  if (!traits.ownsMachines)
    throw new UsageError(`${title} makes no machines, so that no fresh one could take a node’s place.`, {
      code: 'BAD_USAGE',
      hint: 'Leave out --strategy replace: nodes are then brought to the release where they run.',
    });
  const { current } = seen.facts.comparison;
  const found: ReplacedStage[] = [];
  const steps: StepInfo[] = [];
  let monthly: MonthlyPrice | undefined;
  for (const { to, servers, workers } of stages) {
    const names = new Set([...servers, ...workers].map(({ name }) => name));
    if (names.size === 0) continue;
    const targets = current.filter(({ name }) => names.has(name));
    const input = { spec: at(spec, to), maxSurge, maxUnavailable: 0, lose };
    const draft = await draftReplacements(context, input, cluster, seen, targets, 'change');
    monthly ??= draft.monthly;
    const role = workers.length > 0 ? undefined : ('control-plane' as const);
    found.push({ to, role, waves: draft.waves });
    const begun = seen.facts.machines.filter((machine) => names.has(machine.name) && !targets.includes(machine));
    steps.push(
      ...begun.map((machine) => finishing(machine, to)),
      ...draft.steps.map((step) => ({ ...step, id: `${step.id}:${to}`, text: `with ${to}: ${step.text}` })),
    );
  }
  return { steps, stages: found, monthly };
}

/** One whose successor is there, of a run that was stopped. */
const finishing = (machine: Machine, to: string): StepInfo => ({
  id: `recycle:${machine.name}:${to}`,
  phase: `Replace ${machine.role === 'worker' ? 'workers' : 'servers'}`,
  target: slotLabel(machine),
  text: `go on with replacing ${machine.name} by one with ${to}`,
  needs: [],
  destroys: true,
});

export interface ReplacingRun extends ReplacingInput, Required<Pick<RecycleInput, 'between'>> {
  readonly record: ClusterRecord;
  readonly upgrades: Upgrades;
}

/**
 * Replaces nodes release by release, in rounds that are each drafted by what the one before left. Between two releases etcd
 * has agreed on what the next one reads.
 * @throws IncompleteError code ROLLOUT_STOPPED, and what rounds end with
 */
export async function replaceNodes(
  context: WorkflowContext,
  { spec, maxSurge, lose, between, record, upgrades }: ReplacingRun,
  { stages }: Replacing,
  run: RunSteps,
): Promise<void> {
  const { file } = record;
  const base = { file, recordedFileExists: file !== undefined, maxSurge, maxUnavailable: 0, lose, between };
  for (const [index, { to, role, waves }] of stages.entries()) {
    const scope = { kind: 'older', than: to, role } as const;
    const input: RecycleInput = { ...base, spec: at(spec, to), scope, restart: false };
    const round = { replacing: new Set<string>(), leavingFirst: new Set<string>(), release: to };
    const draft = () => draftChange(context, input, record, 'to run', { round, lose });
    const change = await (index === 0 ? draft() : refusedHalfWay(draft));
    const { api } = change.seen.facts;
    if (!api) throw stopped(record.name, 'The Kubernetes API does not answer.');
    if (index > 0) await etcdFollows(context, upgrades, change, input.spec, to);
    const rounds = new Rounds(context, input, record, {
      change,
      api,
      steps: [],
      waves,
      intent: undefined,
      isBegun: true,
      monthly: undefined,
    });
    await rounds.run(run);
  }
}

/** Milliseconds between two looks. */
const lookAgainMs = 2_000;

async function etcdFollows(
  context: WorkflowContext,
  upgrades: Upgrades,
  { seen: { facts, request }, provider, folder, record }: Awaited<ReturnType<typeof draftChange>>,
  spec: ClusterSpec,
  to: string,
): Promise<void> {
  const { clock, signal } = context;
  const phase = { cluster: record, spec, request, facts, tools: toolsFor(context, provider, folder) };
  const servers = facts.comparison.current.filter(({ role }) => role === 'control-plane');
  const until = clock.monotonic() + deadlines.recovery;
  for (;;) {
    const { problems } = await upgrades.lookAtServers(phase, servers, [to], context);
    if (problems.length === 0) return;
    if (clock.monotonic() >= until) throw stopped(record.name, problems.map(({ message }) => message).join(' '));
    await clock.sleep(lookAgainMs, signal);
  }
}

const stopped = (cluster: string, because: string): IncompleteError =>
  new IncompleteError(`${because} So nothing more was begun.`, {
    code: 'ROLLOUT_STOPPED',
    hint: `See what is wrong: slipway cluster status ${cluster}`,
  });
