import { etcdHealth, type EtcdHealth, quorumLoss, type Voter } from './quorum.js';

/** What becomes of a node: it stays, is changed where it runs, gives its place to a successor, or just leaves. */
export type RolloutWork = 'stay' | 'in-place' | 'replace' | 'remove';

/** A place in a pool and the node that has it. */
export interface RolloutNode {
  readonly name: string;
  readonly work: RolloutWork;
  /** Does what it is there for: Ready and, if it is a server, voting. */
  readonly up: boolean;
  /** `replace`: who takes its place, and how far that one is. */
  readonly successor?: { readonly name: string; readonly is: 'absent' | 'coming' | 'up' } | undefined;
}

export interface RolloutBudget {
  /** How many places may be without a node that is up, those included that are without one already. */
  readonly maxUnavailable: number;
  /** How many successors may be there beside what they replace. */
  readonly maxSurge: number;
  /** How many nodes are tried before all others; 0: none. */
  readonly canary: number;
  /** Milliseconds that pass after each wave before it is judged. */
  readonly soakMs: number;
}

export interface RolloutTask {
  readonly name: string;
  readonly work: Exclude<RolloutWork, 'stay'>;
  /** `replace`: whether the successor is up before this one leaves, or comes once it has left. */
  readonly successor?: { readonly name: string; readonly first: boolean } | undefined;
}

/** What may be done at the same time. */
export interface Wave {
  readonly tasks: readonly RolloutTask[];
  readonly soakMs: number;
}

export interface Rollout {
  readonly waves: readonly Wave[];
  /** Why the rest cannot be done as things are; undefined where nothing is left. */
  readonly blocked?: { readonly because: string; readonly nodes: readonly string[] } | undefined;
}

/**
 * The waves in which nodes are changed. What an interrupted rollout began comes first, then what is down already, last what
 * just leaves; else in the order given. Planned again from whatever an interruption or a failure left, it ends the same.
 * @param members of etcd, where these nodes are servers: they go one at a time and never cost the quorum
 */
export function planRollout(nodes: readonly RolloutNode[], budget: RolloutBudget, members?: readonly Voter[]): Rollout {
  const waves: Wave[] = [];
  let state: RolloutState = { nodes, members };
  for (let queue = inOrder(nodes); queue.length > 0;) {
    const atMost = members ? 1 : waves.length === 0 && budget.canary > 0 ? budget.canary : Infinity;
    const { tasks, because } = nextWave(queue, state, budget, atMost);
    if (tasks.length === 0) return { waves, blocked: { because, nodes: queue.map(({ name }) => name) } };
    waves.push({ tasks, soakMs: budget.soakMs });
    queue = queue.filter(({ name }) => !tasks.some((task) => task.name === name));
    state = tasks.reduce(done, state);
  }
  return { waves };
}

export type Judgement = { readonly answer: 'go' } | { readonly answer: 'stop' | 'put back'; readonly because: string };

/**
 * Whether the next wave may begin, by the nodes as they are now. Where what was just changed is down, it is to be put
 * back; where others went down meanwhile, nothing more is begun.
 * @param downAtFirst how many places were down when the waves were planned: what takes nothing down goes on beside them
 */
export function judgeWave(
  before: Wave,
  next: Wave,
  { nodes, members }: RolloutState,
  { maxUnavailable }: Pick<RolloutBudget, 'maxUnavailable'>,
  downAtFirst: number,
): Judgement {
  const down = nodes.filter((node) => !isServed(node));
  const changed = new Set(before.tasks.flatMap(({ name, successor }) => [name, successor?.name ?? name]));
  const failed = down.filter(({ name }) => changed.has(name));
  if (failed.length > 0) return { answer: 'put back', because: `${areDown(failed)} since the change.` };
  const lost = next.tasks.map((task) => quorumCost(task, members)).find((loss) => loss !== undefined);
  if (lost !== undefined) return { answer: 'stop', because: lost };
  const taken = next.tasks.filter((task) => takesDown(task, nodes) && !down.some(({ name }) => name === task.name));
  const allowed = taken.length > 0 ? maxUnavailable : Math.max(maxUnavailable, downAtFirst);
  if (down.length + taken.length <= allowed) return { answer: 'go' };
  return { answer: 'stop', because: tooMany(down, allowed) };
}

/** How many places are without a node that is up. */
export const placesDown = (nodes: readonly RolloutNode[]): number => nodes.filter((node) => !isServed(node)).length;

export interface RolloutState {
  readonly nodes: readonly RolloutNode[];
  /** Of etcd, where the nodes are servers. */
  readonly members: readonly Voter[] | undefined;
}

/** What leaves need not be up. */
const isServed = ({ work, up, successor }: RolloutNode): boolean => work === 'remove' || up || successor?.is === 'up';

/** Whether a place has two machines. */
const hasTwo = ({ successor }: Pick<RolloutNode, 'successor'>): boolean =>
  successor !== undefined && successor.is !== 'absent';

/** What is dead and leaves costs etcd a vote until it has gone; what was begun has two machines in one place. */
const ranks = ['dead', 'begun', 'down', 'up', 'leaving'] as const;

function rankOf({ work, up, successor }: RolloutNode): (typeof ranks)[number] {
  if (work === 'remove') return up ? 'leaving' : 'dead';
  if (hasTwo({ successor })) return 'begun';
  return up ? 'up' : 'down';
}

const inOrder = (nodes: readonly RolloutNode[]): readonly RolloutNode[] =>
  ranks.flatMap((rank) => nodes.filter((node) => node.work !== 'stay' && rankOf(node) === rank));

/** The first tasks in the queue that may be done now, and at the same time. */
function nextWave(
  queue: readonly RolloutNode[],
  { nodes, members }: RolloutState,
  { maxUnavailable, maxSurge }: RolloutBudget,
  atMost: number,
): { readonly tasks: readonly RolloutTask[]; readonly because: string } {
  const down = nodes.filter((node) => !isServed(node));
  let free = Math.max(0, maxUnavailable - down.length);
  let surge = Math.max(0, maxSurge - nodes.filter(hasTwo).length);
  // What costs nothing goes at the pace of what does.
  const pace = Math.min(atMost, Math.max(1, free + maxSurge));
  const tasks: RolloutTask[] = [];
  let because: string | undefined;
  for (const node of queue) {
    if (tasks.length === pace) break;
    const task = taskOf(node, surge > 0);
    const loss = quorumCost(task, members);
    const costsPlace = takesDown(task, nodes) && isServed(node);
    if (loss !== undefined || (costsPlace && free === 0)) {
      because ??= loss ?? tooMany(down, maxUnavailable);
      continue;
    }
    if (task.successor?.first === true && node.successor?.is === 'absent') surge -= 1;
    if (costsPlace) free -= 1;
    tasks.push(task);
  }
  return { tasks, because: because ?? '' };
}

function taskOf({ name, work, successor }: RolloutNode, hasRoom: boolean): RolloutTask {
  if (work === 'stay') throw new Error(`${name} stays`);
  if (work !== 'replace' || successor === undefined) return { name, work };
  return { name, work, successor: { name: successor.name, first: hasRoom || successor.is !== 'absent' } };
}

/** Whether its place is without a node while it is done. */
const takesDown = ({ name, work, successor }: RolloutTask, nodes: readonly RolloutNode[]): boolean =>
  work === 'in-place' ||
  (work === 'replace' &&
    !(successor?.first ?? false) &&
    nodes.find((node) => node.name === name)?.successor?.is !== 'up');

/** Why the quorum forbids a task, undefined where it does not, and for what is no member of etcd. */
function quorumCost(task: RolloutTask, members: readonly Voter[] | undefined): string | undefined {
  if (members === undefined) return undefined;
  const votes = (some: readonly Voter[]): number => some.filter(({ voting }) => voting).length;
  const now = etcdHealth(members.length, votes(members));
  if (task.work === 'in-place') {
    const member = members.find(({ name }) => name === task.name);
    if (member === undefined) return cannotJoin(task.name, now);
    // One that does not vote costs none, and a lone server has nobody to lose the quorum to.
    if (!member.voting || members.length === 1 || now.spare > 0) return undefined;
    return `Without ${task.name} only ${now.voters - 1} of ${now.members} servers would vote, fewer than the ${now.needed} that etcd needs.`;
  }
  if (task.successor?.first !== true) return quorumLoss(task.name, members);
  return cannotJoin(task.successor.name, now) ?? quorumLoss(task.name, withMember(members, task.successor.name));
}

/** etcd takes nobody in without a quorum. */
const cannotJoin = (name: string, { members, voters, needed, spare }: EtcdHealth): string | undefined =>
  spare >= 0
    ? undefined
    : `${name} cannot join: of ${members} servers in etcd ${voters} vote, fewer than the ${needed} that it needs.`;

const withMember = (members: readonly Voter[], name: string): readonly Voter[] => [
  ...members.filter((member) => member.name !== name),
  { name, voting: true },
];

/** How things are once a task has succeeded. */
function done({ nodes, members }: RolloutState, { name, work, successor }: RolloutTask): RolloutState {
  const others = nodes.filter((node) => node.name !== name);
  const rest = members?.filter((member) => member.name !== name);
  if (work === 'remove') return { nodes: others, members: rest };
  const now = successor?.name ?? name;
  return { nodes: [...others, { name: now, work: 'stay', up: true }], members: rest && withMember(rest, now) };
}

const tooMany = (down: readonly RolloutNode[], allowed: number): string =>
  down.length === 0
    ? `The budget lets no node be down and no successor come first.`
    : allowed === 0
      ? `${areDown(down)}.`
      : `${areDown(down)}, and no more than ${allowed} may be.`;

const areDown = (nodes: readonly RolloutNode[]): string =>
  `${nodes.map(({ name }) => name).join(', ')} ${nodes.length === 1 ? 'is' : 'are'} down`;
