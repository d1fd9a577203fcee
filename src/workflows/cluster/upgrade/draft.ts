import {
  isSameMinor,
  lowestVersion,
  nodesAtOnce,
  type UpgradeNode,
  type UpgradeStage,
  upgradeStages,
} from '../../../domain/index.js';
import type { ClusterSpec } from '../../../domain/spec/schema.js';
import type { Upgrades } from '../../../distributions/upgrades.js';
import type { Step } from '../../../engine/index.js';
import type { StepInfo } from '../../../reporting/index.js';
import { stepInfo } from '../../run.js';
import { draftReplacing, type Replacing, type ReplacingRun } from './replace.js';
import { UsageError } from '../../../errors/index.js';
import type { ClusterApi } from '../../../phases/context.js';
import { isUpNode } from '../../../phases/is-up.js';
import type { Problem } from '../../../provider/port.js';
import type { ClusterFolder, ClusterRecord } from '../../../workspace/types.js';
import { bundlesOf } from '../../bundle/of.js';
import { reachable } from '../../component/status.js';
import { progress, type WorkflowContext } from '../../context.js';
import { observe, type Observation } from '../observe.js';
import { throwProblems } from '../preflight.js';
import { keyProblem } from '../ssh-key.js';
import { toolsFor } from '../tools.js';
import { drainImpact } from './impact.js';
import { aheadOfServers, downProblems, nodesOf } from './nodes.js';
import type { UpgradeHow } from './input.js';
import { arePlacesEmpty, asideLines, heldProblems, quarantineFor } from './quarantine.js';
import { removedApis } from './removed-apis.js';
import { upgradeStopsFor } from './stops.js';
import { userGate } from '../../../phases/user-gate.js';

export interface UpgradeDraftInput extends UpgradeHow {
  readonly folder: ClusterFolder;
  readonly record: ClusterRecord;
  /** What the cluster was last asked for, with what of its file an upgrade takes up. */
  readonly spec: ClusterSpec;
  readonly to: string;
}

export interface UpgradeDraft {
  /** What is done, as it is shown. */
  readonly steps: readonly StepInfo[];
  readonly work: UpgradeWork;
  readonly strategy: 'in-place' | 'replace';
  /** What the servers run, the lowest where they differ. */
  readonly from: string;
  readonly stops: readonly string[];
  readonly stages: readonly UpgradeStage[];
  readonly warnings: readonly string[];
  /** Workers that are set aside, by name, as far as that is known before. */
  readonly undrainable: readonly string[];
  /** Whether some that an earlier run set aside have nobody in their places. */
  readonly placesEmpty: boolean;
  readonly simulated: readonly string[];
}

/** What does it: steps, or, once some are done, rounds that are drafted on the way. */
export interface UpgradeWork {
  readonly steps: readonly Step[];
  readonly replacing: (Replacing & { readonly run: Omit<ReplacingRun, 'record'> }) | undefined;
}

/**
 * Looks at everything an upgrade stands on, and says what it would do. Changes nothing.
 * @throws RefusedError and UsageError: everything for which it is refused before its first step
 */
export async function draftUpgrade(context: WorkflowContext, input: UpgradeDraftInput): Promise<UpgradeDraft> {
  const { folder, record, spec, soakMs } = input;
  const provider = await context.provider(spec.provider);
  const tools = toolsFor(context, provider, folder);
  const key = await folder.storedIdentity();
  const publicKey = key?.publicKey ?? context.newKeyPair().publicKey;
  const seen = await observe(context, tools, record, spec, publicKey);
  const lost = keyProblem(folder, record, key?.publicKey, seen.facts);
  if (lost) throw lost;
  const api = seen.facts.api ?? (await reachable(context, record.name, await folder.kubeconfig()));
  const upgrades = await upgradesOf(seen, record.name);
  const nodes = nodesOf(seen);
  const servers = nodes.filter(({ role }) => role === 'control-plane').map(({ version }) => version);
  const strategy = input.strategy ?? (record.upgrade?.asked === input.to ? record.upgrade.strategy : undefined);
  const down = downProblems(record.name, seen, strategy === 'replace');
  if (servers.length === 0) throwProblems(down);
  const stops = await upgradeStopsFor(context, upgrades, {
    cluster: record.name,
    asked: input.to,
    servers,
    nodes: nodes.map(({ version }) => version),
    bundle: spec.kubernetes.bundle,
    begun: record.upgrade,
  });
  const stages = upgradeStages(nodes, stops);
  const phase = { cluster: record, spec, request: seen.request, facts: seen.facts, tools };
  const workers = nodes.filter(({ role }) => role === 'worker').length;
  const { problems, warnings, addressHolder, undrainable } = await judged(context, phase, {
    distribution: seen.distribution,
    upgrades,
    api,
    stages,
    stops,
    acceptRemovedApis: input.acceptRemovedApis,
    maySetAside: input.undrainable === 'quarantine',
  });
  throwProblems([...down, ...heldProblems(seen, stops.at(-1)!), ...problems]);
  // Those that wait for newer servers are missing already.
  const maxUnavailable = atOnce('--max-unavailable', input.maxUnavailable, workers) + aheadOfServers(seen).length;
  const atMost = atOnce('--max-quarantined', input.maxQuarantined, workers);
  const quarantine = quarantineFor(input, atMost, seen, undrainable, provider.traits.ownsMachines);
  const changed = stages.flatMap((stage) => [...stage.servers, ...stage.workers]);
  if (changed.length > 0) await verifyBundle(context, spec, seen, stops.at(-1)!, changed);
  const served = changed.length > 0 ? await userGate(context, input.gate) : undefined;
  const isReplacing = strategy === 'replace' && changed.length > 0;
  const replacingBy = { spec, maxSurge: maxUnavailable, lose: input.lose };
  const subject = { provider, folder, record, key: key?.publicKey };
  const replacing = isReplacing ? await draftReplacing(context, replacingBy, subject, seen, stages) : undefined;
  const steps = isReplacing
    ? [upgrades.snapshot(phase)]
    : upgrades.plan(phase, api, { stages, maxUnavailable, soakMs, addressHolder, served, quarantine });
  return {
    steps: [...steps.map(stepInfo), ...(replacing?.steps ?? [])],
    work: {
      steps,
      replacing: replacing && { ...replacing, run: { ...replacingBy, upgrades, between: { soakMs, served } } },
    },
    strategy: strategy ?? 'in-place',
    from: lowestVersion(servers)!,
    stops,
    stages,
    warnings: [...asideLines(undrainable), ...warnings],
    undrainable: [...undrainable.keys()],
    placesEmpty: quarantine !== undefined && arePlacesEmpty(seen),
    simulated: provider.traits.simulated,
  };
}

/** A bundle of another release, or one without a program for some node, is no find to make on a node that was drained for it. */
async function verifyBundle(
  { signal }: WorkflowContext,
  { kubernetes: { bundle } }: ClusterSpec,
  { facts, distribution }: Observation,
  version: string,
  changed: readonly UpgradeNode[],
): Promise<void> {
  if (bundle === undefined) return;
  const archOf = ({ name }: UpgradeNode) =>
    facts.nodes?.get(name)?.labels['kubernetes.io/arch'] === 'arm64' ? ('arm64' as const) : ('amd64' as const);
  const architectures = [...new Set(changed.map(archOf))];
  await bundlesOf(distribution).verify(bundle, { version, architectures }, signal);
}

type Phase = Parameters<Upgrades['lookAtServers']>[0];

interface Judged {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  readonly addressHolder: string | undefined;
  /** Workers that cannot be emptied, and why. */
  readonly undrainable: ReadonlyMap<string, readonly string[]>;
}

/** What stands in the way beside nodes that are down; nothing does where nothing is to be changed. */
async function judged(
  context: WorkflowContext,
  phase: Phase,
  {
    distribution,
    upgrades,
    api,
    stages,
    stops,
    acceptRemovedApis,
    maySetAside,
  }: {
    readonly distribution: Observation['distribution'];
    readonly upgrades: Upgrades;
    readonly api: ClusterApi;
    readonly stages: readonly UpgradeStage[];
    readonly stops: readonly string[];
    readonly acceptRemovedApis: boolean;
    /** Whether workers may be that cannot be emptied. */
    readonly maySetAside: boolean;
  },
): Promise<Judged> {
  const changed = stages.flatMap((stage) =>
    [...stage.servers, ...stage.workers].map((node) => ({ ...node, to: stage.to })),
  );
  if (changed.length === 0) return { problems: [], warnings: [], addressHolder: undefined, undrainable: new Map() };
  progress(context, 'looking at the servers and at what runs on the nodes');
  const servers = phase.facts.machines.filter(
    ({ name, role }) => role === 'control-plane' && isUpNode(role, phase.facts.nodes?.get(name), distribution),
  );
  const drained = changed.filter(({ version, to }) => !isSameMinor(version, to)).map(({ name }) => name);
  const [report, impact] = await Promise.all([
    upgrades.lookAtServers(phase, servers, stops, context),
    drainImpact(
      api.kube,
      phase.facts.machines.length > 1 ? [...new Set(drained)] : [],
      context,
      (name) => maySetAside && !servers.some((server) => server.name === name),
    ),
  ]);
  const removed = removedApis(report.removedApis, stops.at(-1)!, acceptRemovedApis);
  return {
    problems: [...report.problems, ...removed.problems, ...impact.problems],
    warnings: [...removed.warnings, ...impact.warnings],
    addressHolder: report.addressHolder,
    undrainable: impact.undrainable ?? new Map(),
  };
}

async function upgradesOf({ distribution }: Observation, cluster: string): Promise<Upgrades> {
  const upgrades = await distribution.upgrades?.();
  if (upgrades) return upgrades;
  throw new UsageError(`${cluster} is not made of machines whose release could be changed.`, { code: 'BAD_USAGE' });
}

function atOnce(flag: string, text: string, workers: number): number {
  const count = nodesAtOnce(text, workers);
  if (count !== undefined) return count;
  throw new UsageError(`${flag} is ${JSON.stringify(text)}, which is no number of nodes and no share of them.`, {
    code: 'BAD_USAGE',
    hint: 'Write a number from 1 up (2), or a share from 1% to 100% (10%).',
  });
}
