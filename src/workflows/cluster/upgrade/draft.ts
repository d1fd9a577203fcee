import {
  fitsServers,
  isNewer,
  isSameMinor,
  lowestVersion,
  type Machine,
  nodesAtOnce,
  type UpgradeNode,
  type UpgradeStage,
  upgradeStages,
} from '../../../domain/index.js';
import type { ClusterSpec } from '../../../domain/spec/schema.js';
import type { Upgrades } from '../../../distributions/upgrades.js';
import type { Step } from '../../../engine/index.js';
import { UsageError } from '../../../errors/index.js';
import type { ClusterApi } from '../../../phases/context.js';
import { isUpNode } from '../../../phases/is-up.js';
import { upgradingAnnotation } from '../../../phases/upgrade-marks.js';
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
import { removedApis } from './removed-apis.js';
import { upgradeStopsFor } from './stops.js';
import { userGate, type UserGateInput } from '../../../phases/user-gate.js';

export interface UpgradeDraftInput {
  readonly folder: ClusterFolder;
  readonly record: ClusterRecord;
  /** What the cluster was last asked for, with what of its file an upgrade takes up. */
  readonly spec: ClusterSpec;
  readonly to: string;
  readonly maxUnavailable: string;
  readonly soakMs: number;
  /** Goes on although clients ask for APIs that the release does not serve. */
  readonly acceptRemovedApis: boolean;
  readonly gate: UserGateInput;
}

export interface UpgradeDraft {
  readonly steps: readonly Step[];
  /** What the servers run, the lowest where they differ. */
  readonly from: string;
  readonly stops: readonly string[];
  readonly stages: readonly UpgradeStage[];
  readonly warnings: readonly string[];
  readonly simulated: readonly string[];
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
  const down = downProblems(record.name, seen);
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
  const { problems, warnings, addressHolder } = await judged(context, phase, {
    distribution: seen.distribution,
    upgrades,
    api,
    stages,
    stops,
    acceptRemovedApis: input.acceptRemovedApis,
  });
  throwProblems([...down, ...problems]);
  // Those that wait for newer servers are missing already.
  const maxUnavailable = atOnce(input.maxUnavailable, workers) + aheadOfServers(seen).length;
  const changed = stages.flatMap((stage) => [...stage.servers, ...stage.workers]);
  if (changed.length > 0) await verifyBundle(context, spec, seen, stops.at(-1)!, changed);
  const served = changed.length > 0 ? await userGate(context, input.gate) : undefined;
  const steps = upgrades.plan(phase, api, { stages, maxUnavailable, soakMs, addressHolder, served });
  return {
    steps,
    from: lowestVersion(servers)!,
    stops,
    stages,
    warnings,
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
  }: {
    readonly distribution: Observation['distribution'];
    readonly upgrades: Upgrades;
    readonly api: ClusterApi;
    readonly stages: readonly UpgradeStage[];
    readonly stops: readonly string[];
    readonly acceptRemovedApis: boolean;
  },
): Promise<Judged> {
  const changed = stages.flatMap((stage) =>
    [...stage.servers, ...stage.workers].map((node) => ({ ...node, to: stage.to })),
  );
  if (changed.length === 0) return { problems: [], warnings: [], addressHolder: undefined };
  progress(context, 'looking at the servers and at what runs on the nodes');
  const servers = phase.facts.machines.filter(
    ({ name, role }) => role === 'control-plane' && isUpNode(role, phase.facts.nodes?.get(name), distribution),
  );
  const drained = changed.filter(({ version, to }) => !isSameMinor(version, to)).map(({ name }) => name);
  const [report, impact] = await Promise.all([
    upgrades.lookAtServers(phase, servers, stops, context),
    drainImpact(api.kube, phase.facts.machines.length > 1 ? [...new Set(drained)] : [], context),
  ]);
  const removed = removedApis(report.removedApis, stops.at(-1)!, acceptRemovedApis);
  return {
    problems: [...report.problems, ...removed.problems, ...impact.problems],
    warnings: [...removed.warnings, ...impact.warnings],
    addressHolder: report.addressHolder,
  };
}

async function upgradesOf({ distribution }: Observation, cluster: string): Promise<Upgrades> {
  const upgrades = await distribution.upgrades?.();
  if (upgrades) return upgrades;
  throw new UsageError(`${cluster} is not made of machines whose release could be changed.`, { code: 'BAD_USAGE' });
}

/** Machines that are nodes, with what they run. */
const nodesOf = ({ facts }: Observation): readonly UpgradeNode[] =>
  facts.machines.flatMap(({ name, role }) => {
    const version = facts.nodes?.get(name)?.version;
    return version ? [{ name, role, version }] : [];
  });

/** Workers that are down and newer than a server: they can be started again once the servers are as new. */
function aheadOfServers(seen: Observation): readonly Machine[] {
  const { facts, distribution } = seen;
  const servers = nodesOf(seen).filter(({ role }) => role === 'control-plane');
  return facts.machines.filter(({ name, role }) => {
    const node = facts.nodes?.get(name);
    if (role !== 'worker' || node === undefined || isUpNode(role, node, distribution)) return false;
    return servers.some(
      ({ version }) => isNewer(node.version, version) && !fitsServers('node', node.version, [version]),
    );
  });
}

/** A node that an earlier run was at work on may be down: it is where the upgrade goes on. So may one that waits for it. */
function downProblems(cluster: string, seen: Observation): readonly Problem[] {
  const { facts, distribution } = seen;
  const waiting = aheadOfServers(seen);
  const isDown = ({ name, role }: Machine): boolean => {
    const node = facts.nodes?.get(name);
    return !isUpNode(role, node, distribution) && node?.annotations[upgradingAnnotation] === undefined;
  };
  const down = facts.machines.filter(
    (machine) => facts.comparison.current.includes(machine) && !waiting.includes(machine) && isDown(machine),
  );
  if (down.length === 0) return [];
  const names = down.map(({ name }) => name);
  return [
    {
      code: 'NODES_DOWN',
      kind: 'refused',
      message: `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} down, and an upgrade would take down more.`,
      details: down.map((machine) => `${machine.name}: ${whyDown(machine, facts.nodes?.get(machine.name))}`),
      hint: `Bring ${names.length === 1 ? 'it' : 'them'} back first, or have what is lost replaced: slipway cluster heal ${cluster}`,
    },
  ];
}

const whyDown = (
  { role }: Machine,
  node: { readonly ready: boolean; readonly notReadyBecause?: string | undefined } | undefined,
): string =>
  node === undefined
    ? 'is not in the cluster'
    : node.ready && role === 'control-plane'
      ? 'does not vote in etcd'
      : `is not Ready: ${node.notReadyBecause ?? 'unknown'}`;

function atOnce(text: string, workers: number): number {
  const count = nodesAtOnce(text, workers);
  if (count !== undefined) return count;
  throw new UsageError(
    `--max-unavailable is ${JSON.stringify(text)}, which is no number of nodes and no share of them.`,
    {
      code: 'BAD_USAGE',
      hint: 'Write a number from 1 up (2), or a share from 1% to 100% (10%).',
    },
  );
}
