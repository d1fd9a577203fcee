import { compareText } from './compare-text.js';
import { type Comparison, type Demand, type DesiredMachine, withoutMachines } from './desired.js';
import type { Machine } from './machine.js';
import { planRollout, type Rollout, type RolloutBudget, type RolloutNode, type Wave } from './rollout.js';
import type { Voter } from './quorum.js';
import { isNewer } from './versions.js';

/** Which nodes are replaced by fresh machines. */
export type RecycleScope =
  | { readonly kind: 'all' | 'outdated' }
  | { readonly kind: 'pool'; readonly pool: string }
  /** By the node's name or its slot, `web-1`. */
  | { readonly kind: 'nodes'; readonly nodes: readonly string[] }
  /** Those that run an older release; fresh ones get that one. */
  | { readonly kind: 'older'; readonly than: string; readonly role: Machine['role'] | undefined };

/** What is kept in the cluster from before the first replacement until after the last, so that the same command goes on. */
export interface RecycleIntent {
  /** As `scopeText` writes it. */
  readonly scope: string;
  /** When the youngest node was made that is to be replaced, by the cluster's clock: what came later is fresh. */
  readonly until: string;
}

/** A machine that stays in its slot unless it is recycled, and its node. */
export interface RecycleCandidate extends Pick<Machine, 'name' | 'pool' | 'role' | 'slot'> {
  /** The release that its node runs; undefined while it has none. */
  readonly version?: string | undefined;
  /** When its node was made; undefined while it has none, so that nothing has to be replaced. */
  readonly joinedAt: string | undefined;
  /** Whether nothing else would make it what the file asks for. */
  readonly outdated: boolean;
  /** Whether it is the server that holds the API's reserved address now. */
  readonly holdsAddress: boolean;
}

/** The scope as flags ask for it; the same scope is the same text. */
export function scopeText(scope: RecycleScope): string {
  switch (scope.kind) {
    case 'all':
      return 'all';
    case 'outdated':
      return '--outdated';
    case 'pool':
      return `--pool ${scope.pool}`;
    case 'older':
      return `--to ${scope.than}`;
    case 'nodes':
      return [...new Set(scope.nodes)]
        .sort()
        .map((node) => `--node ${node}`)
        .join(' ');
  }
}

export interface RecycleSelection<T> {
  /** Those that are still to be replaced, in their order. */
  readonly targets: readonly T[];
  /** To be kept until all are replaced; undefined where nothing is left to do and nothing was begun. */
  readonly intent: RecycleIntent | undefined;
}

/**
 * What is still to be replaced: of what an unfinished recycle of the same scope was to replace, all that is not fresh. The
 * server that others find the API by comes last of the servers; servers come before workers, which then join by the new
 * ones.
 */
export function selectForRecycle<T extends RecycleCandidate>(
  candidates: readonly T[],
  scope: RecycleScope,
  begun: RecycleIntent | undefined,
): RecycleSelection<T> {
  const text = scopeText(scope);
  const isInScope = scopeFilter(scope);
  const inScope = candidates.filter((one) => one.joinedAt !== undefined && isInScope(one));
  const until = begun?.scope === text ? begun.until : latest(inScope.map(({ joinedAt }) => joinedAt!));
  if (until === undefined) return { targets: [], intent: undefined };
  const targets = inScope.filter(({ joinedAt }) => Date.parse(joinedAt!) <= Date.parse(until)).sort(byTurn);
  return { targets, intent: { scope: text, until } };
}

function scopeFilter(scope: RecycleScope): (one: RecycleCandidate) => boolean {
  switch (scope.kind) {
    case 'all':
      return () => true;
    case 'outdated':
      return ({ outdated }) => outdated;
    case 'pool':
      return ({ pool }) => pool === scope.pool;
    case 'older':
      return ({ version, role }) =>
        version !== undefined && isNewer(scope.than, version) && (scope.role ?? role) === role;
    case 'nodes':
      return ({ name, pool, slot }) => scope.nodes.some((node) => node === name || node === `${pool}-${slot}`);
  }
}

const latest = (times: readonly string[]): string | undefined =>
  times.reduce<string | undefined>(
    (last, time) => (last !== undefined && Date.parse(last) >= Date.parse(time) ? last : time),
    undefined,
  );

/** Servers before workers, the one that holds the API's address last of them: the address then moves once. Else the first. */
export function byTurn(a: RecycleCandidate, b: RecycleCandidate): number {
  if (a.role !== b.role) return a.role === 'control-plane' ? -1 : 1;
  if (a.role === 'control-plane') return Number(a.holdsAddress) - Number(b.holdsAddress) || b.slot - a.slot;
  return compareText(a.pool, b.pool) || a.slot - b.slot;
}

export interface RecycleBudgets {
  /** Whether a fresh server comes before the one leaves that it replaces. */
  readonly serverFirst: boolean;
  readonly workers: Pick<RolloutBudget, 'maxSurge' | 'maxUnavailable'>;
}

/** A node, and who takes its place where it is to be replaced. */
export interface RecycleNode {
  readonly name: string;
  /** Ready and, if it is a server, voting. */
  readonly up: boolean;
  readonly successor?: string | undefined;
}

export interface RecycleState {
  readonly servers: readonly RecycleNode[];
  readonly workers: readonly RecycleNode[];
  /** Of etcd; undefined where nobody votes. */
  readonly members: readonly Voter[] | undefined;
}

/**
 * The waves in which nodes are replaced: servers one at a time and never at the cost of etcd's quorum, then workers within
 * the budget. Where something of the servers is blocked, no worker is begun.
 */
export function planRecycle({ servers, workers, members }: RecycleState, budgets: RecycleBudgets): Rollout {
  // Alone it can only leave once another one votes. Meanwhile etcd has two members, as it has on the way from one to three.
  const lone = servers.length === 1 && servers[0]!.successor !== undefined ? servers[0]!.name : undefined;
  if (lone !== undefined && !budgets.serverFirst)
    return { waves: [], blocked: { because: loneServer(lone), nodes: [lone] } };
  // Without a successor first a server leaves before the next comes: etcd's members say whether one can be spared.
  const ofServers = planRollout(
    servers.map(rolloutNode),
    budgets.serverFirst ? { ...atOnce, maxSurge: 1, maxUnavailable: 0 } : { ...atOnce, maxSurge: 0, maxUnavailable: 1 },
    members ?? servers.map(({ name, up }) => ({ name, voting: up })),
  );
  if (ofServers.blocked) return ofServers;
  const ofWorkers = planRollout(workers.map(rolloutNode), { ...atOnce, ...budgets.workers });
  return { ...ofWorkers, waves: [...ofServers.waves, ...ofWorkers.waves] };
}

/** What follows is looked at anew before it begins, so that nothing has to be tried or waited for first. */
const atOnce = { canary: 0, soakMs: 0 };

const loneServer = (name: string): string =>
  `${name} is the only server, and no fresh one may come before it leaves: its data would be nowhere.`;

const rolloutNode = ({ name, up, successor }: RecycleNode): RolloutNode =>
  successor === undefined
    ? { name, work: 'stay', up }
    : { name, work: 'replace', up, successor: { name: successor, is: 'absent' } };

/** What one round of the run does with a wave: whom it replaces, and who leaves before a fresh one comes. */
export interface RecycleRound {
  /** Machines that are replaced, by name. */
  readonly replacing: ReadonlySet<string>;
  /** Those of them that leave first. */
  readonly leavingFirst: ReadonlySet<string>;
  /** The release that fresh machines get; undefined: that of the servers. */
  readonly release?: string | undefined;
  /** What is asked of pools that scale by themselves. */
  readonly demand?: Demand | undefined;
  /** Only what is lost is replaced, and nothing else that differs from the file is changed. */
  readonly healing?:
    | {
        /** Machines and places that are left as they are. */
        readonly left: ReadonlySet<string>;
        /** Those that are replaced although they have power, which is cut first. */
        readonly hanging: ReadonlySet<string>;
      }
    | undefined;
}

export const roundOf = ({ tasks }: Wave): RecycleRound => ({
  replacing: new Set(tasks.map(({ name }) => name)),
  leavingFirst: new Set(tasks.flatMap(({ name, successor }) => (successor?.first ? [] : [name]))),
});

/** The machines as they are to be compared with the file in a round: those that it replaces are not to stay. */
export const inRound = (machines: readonly Machine[], round: RecycleRound | undefined): readonly Machine[] =>
  round === undefined
    ? machines
    : machines.map((machine) => (round.replacing.has(machine.name) ? { ...machine, markedForRemoval: true } : machine));

/** The comparison without the places that stay empty in a round. */
export function withPlacesLeft(comparison: Comparison, round: RecycleRound | undefined): Comparison {
  const left = comparison.excess.filter(({ name }) => round?.leavingFirst.has(name));
  const isLeft = ({ pool, role, slot }: DesiredMachine): boolean =>
    left.some((machine) => machine.pool === pool && machine.role === role && machine.slot === slot);
  return withoutMachines(
    comparison,
    comparison.missing.filter(isLeft).map(({ name }) => ({ machine: name })),
  );
}

/** Whether standbys are promoted and made in a round: while nodes are replaced because of what they are, they stay as they are. */
export const usesStandbys = (round: RecycleRound | undefined): boolean => !round || round.healing !== undefined;

/** The comparison as if standbys were as they are to be. */
export const withStandbysLeft = (comparison: Comparison): Comparison => ({
  ...comparison,
  standbys: { ...comparison.standbys, missing: [], excess: [] },
});

/** The comparison as if nothing were to leave but what is lost, and nothing to come but what takes its place. */
export function withOnlyLost(comparison: Comparison, round: RecycleRound | undefined): Comparison {
  if (!round?.healing) return comparison;
  const { left, hanging } = round.healing;
  const isLost = ({ name }: Machine): boolean => round.replacing.has(name);
  const only: Comparison = {
    ...comparison,
    // What is to leave alive is somebody else's errand; where it shares a place, what stays comes last and counts.
    current: [...comparison.excess.filter((machine) => !isLost(machine)), ...comparison.current],
    excess: comparison.excess
      .filter(isLost)
      .map((machine) => (hanging.has(machine.name) ? { ...machine, status: 'off' as const } : machine)),
    standbys: { ...comparison.standbys, excess: [] },
  };
  return withoutMachines(
    only,
    [...left].map((machine) => ({ machine })),
  );
}
