import type { Role } from './machine.js';
import { plural } from './plural.js';
import { quorum, quorumLoss, type Voter } from './quorum.js';

/** How a machine that the cluster is to have looks from both sides. */
export interface HealMachine {
  readonly name: string;
  readonly pool: string;
  /** `web-1`, which stays when the machine is replaced. */
  readonly place: string;
  readonly role: Role;
  /** As the provider says; `silent`: a host that does not answer from here, which may run. */
  readonly machine: 'running' | 'changing' | 'off' | 'gone' | 'silent';
  /** Its owner says that it is off and stays so. */
  readonly confirmedOff: boolean;
  readonly node: 'ready' | 'absent' | { readonly notReadyMs: number };
  /** Its removal was begun by a run that was stopped: it was empty for long. */
  readonly isLeaving?: boolean | undefined;
  /** What was done about its place lately; of what was tried to join only what this machine was. */
  readonly recent: readonly { readonly did: HealedBy; readonly agoMs: number }[];
}

/**
 * `join`: a machine that an interrupted run made becomes a node. `promote`: replaced by one that stands by. `prepare`: a machine
 * is made that stands by. `add`, `remove`: of a pool that scales by itself, because pods wait, or none came for long.
 */
export type HealAction = 'reboot' | 'replace' | 'promote' | 'join' | 'prepare' | 'add' | 'remove';
/** As it is remembered; a promotion is a replacement of the machine that was lost. */
export type HealedBy = 'reboot' | 'replace' | 'join' | 'add' | 'remove';

/** A machine that stands by and runs. */
export interface HealStandby {
  readonly name: string;
  readonly pool: string;
}

export interface HealView {
  /** Why nothing is known of the machines, undefined where their provider answers: it limits requests, or is out of reach. */
  readonly providerSilent: string | undefined;
  readonly apiAnswers: boolean;
  readonly machines: readonly HealMachine[];
  /** In the order in which they are promoted. */
  readonly standbys: readonly HealStandby[];
  /** Standbys that are asked for and are not there. */
  readonly missingStandbys: readonly Pick<HealMachine, 'name' | 'place' | 'pool' | 'role'>[];
  /** Of etcd; undefined where nobody votes. */
  readonly members: readonly Voter[] | undefined;
  /** Whether the provider can cut a machine's power. */
  readonly canPowerOff: boolean;
}

export interface HealPolicy {
  /** How long a node is given to come back by itself, and how long after a reboot. */
  readonly rebootAfterMs: number;
  readonly replaceAfterMs: number;
  /** So many workers may be down for anything to be done about them: where more are, it is not the machines. */
  readonly maxWorkersDown: number;
}

export interface HealVerdict {
  readonly name: string;
  readonly place: string;
  readonly role: Role;
  readonly does: HealAction | 'wait' | 'refuse';
  readonly because: string;
}

export interface Healing {
  /** One for each machine that is not well. */
  readonly verdicts: readonly HealVerdict[];
  /** Why nothing at all is done, undefined where something may be. */
  readonly refused: { readonly why: 'provider' | 'api' | 'quorum'; readonly because: string } | undefined;
}

/** So often a place is given a new machine, or its machine is started anew, within this time; then somebody has to look. */
const atMost: Readonly<Record<HealedBy, number>> = {
  replace: 3,
  reboot: 2,
  join: Infinity,
  add: Infinity,
  remove: Infinity,
};
/** So often it is tried to have a machine join before it is taken to be one that never boots. */
const joinTries = 2;
const withinMs = 3_600_000;

/**
 * What to do about each machine that is not well. A machine is replaced only where it is certain that it does not run, or
 * where its power can be cut first. Nothing is done where too little answers to tell a dead machine from a line that is cut.
 */
export function judgeHealing(view: HealView, policy: HealPolicy): Healing {
  const refused = refusal(view);
  if (refused) return { verdicts: [], refused };
  const first = view.machines.flatMap((machine): readonly HealVerdict[] => {
    const found = judgeMachine(machine, view, policy);
    return found ? [{ name: machine.name, place: machine.place, role: machine.role, ...found }] : [];
  });
  const servers = onlyOneServer(
    first.filter(({ role }) => role === 'control-plane'),
    view,
  );
  const workers = withinBudget(
    first.filter(({ role }) => role === 'worker'),
    view,
    policy,
  );
  const all = [...servers, ...promoted(workers, view)];
  return { verdicts: afterServers([...all, ...restocked(all, view)]), refused: undefined };
}

/** What is to be done, not only waited for or looked at. */
export const isHealed = ({ does }: Pick<HealVerdict, 'does'>): boolean => does !== 'wait' && does !== 'refuse';

/** Whether a machine is not well; one that was made or removed because of what pods need was. */
export const isDown = ({ does }: Pick<HealVerdict, 'does'>): boolean =>
  does !== 'add' && does !== 'remove' && does !== 'prepare';

function refusal({ providerSilent, apiAnswers, machines }: HealView): Healing['refused'] {
  if (providerSilent !== undefined)
    return { why: 'provider', because: `Nothing is known of the machines: ${providerSilent}` };
  if (apiAnswers) return undefined;
  const servers = machines.filter(({ role }) => role === 'control-plane');
  const lost = servers.filter(isCertainlyOff);
  const left = servers.length - lost.length;
  if (left < quorum(servers.length))
    return {
      why: 'quorum',
      because: `${namesOf(lost)} ${lost.length === 1 ? 'is' : 'are'} off or gone, and the API does not answer: ${left} of ${plural(servers.length, 'server')} ${left === 1 ? 'is' : 'are'} left, fewer than the ${quorum(servers.length)} that etcd needs.`,
    };
  return {
    why: 'api',
    because:
      'The API does not answer, although enough servers run for it. The line from here may be cut, and nothing can be told of the nodes.',
  };
}

type Found = { readonly does: HealedBy | 'wait' | 'refuse'; readonly because: string } | undefined;

/** Undefined: it is well, or not ours to judge. */
function judgeMachine(one: HealMachine, view: HealView, policy: HealPolicy): Found {
  const found = byProvider(one, view, policy);
  if (!found || found.does === 'wait' || found.does === 'refuse') return found;
  const often = one.recent.filter(({ did, agoMs }) => did === found.does && agoMs < withinMs).length;
  if (often < atMost[found.does]) return found;
  // One that goes down again after each reboot is not repaired by a third.
  if (found.does === 'reboot') return replaceRunning(view, 'it goes down again after each reboot');
  return { does: 'refuse', because: `${found.because}, and ${one.place} was replaced ${often} times within an hour` };
}

function byProvider(one: HealMachine, view: HealView, policy: HealPolicy): Found {
  const { machine, node, confirmedOff } = one;
  if (one.isLeaving) return { does: 'remove', because: 'its removal was begun' };
  if (confirmedOff && machine !== 'gone') {
    return node === 'ready'
      ? { does: 'refuse', because: 'it is said to be off, and its node is Ready' }
      : { does: 'replace', because: 'its owner says that it is off' };
  }
  switch (machine) {
    case 'gone':
      return { does: 'replace', because: 'its machine is gone' };
    case 'changing':
      if (node === 'ready') return undefined;
      return node === 'absent'
        ? unfinished(one, view, policy)
        : { does: 'wait', because: 'its machine is just being started or stopped' };
    case 'off':
      // One that is resized or restarted is off for a moment, too.
      return node !== 'ready'
        ? { does: 'replace', because: 'its machine is off' }
        : { does: 'wait', because: 'its machine is off, and its node was heard of a moment ago' };
    case 'silent':
      return typeof node === 'object' ? unknownPower : undefined;
    case 'running':
      if (node === 'ready') return undefined;
      return node === 'absent' ? unfinished(one, view, policy) : hanging(one, node.notReadyMs, view, policy);
  }
}

/** Its machine has power, and its node is not Ready. */
function hanging(one: HealMachine, notReadyMs: number, view: HealView, policy: HealPolicy): Found {
  const { rebootAfterMs, replaceAfterMs } = policy;
  const reboots = one.recent.flatMap(({ did, agoMs }) => (did === 'reboot' && agoMs <= notReadyMs ? [agoMs] : []));
  const because = `its node has not been Ready for ${seconds(notReadyMs)}`;
  if (reboots.length === 0) {
    if (notReadyMs >= rebootAfterMs) return { does: 'reboot', because };
    return { does: 'wait', because: `${because}; it is given ${seconds(rebootAfterMs)}` };
  }
  const ago = Math.min(...reboots);
  if (ago < replaceAfterMs)
    return { does: 'wait', because: `it was rebooted ${seconds(ago)} ago; it is given ${seconds(replaceAfterMs)}` };
  return replaceRunning(view, `${because}, and a reboot did not help`);
}

const replaceRunning = ({ canPowerOff }: HealView, because: string): Found =>
  canPowerOff ? { does: 'replace', because } : { ...unknownPower, because: `${because}; ${unknownPower.because}` };

/** Its machine is there and is no node: a run was stopped, or it never boots, which only trying tells. */
function unfinished({ recent }: HealMachine, view: HealView, { replaceAfterMs }: HealPolicy): Found {
  const tries = recent.filter(({ did }) => did === 'join').map(({ agoMs }) => agoMs);
  const first = Math.max(...tries, 0);
  if (tries.length >= joinTries && first >= replaceAfterMs)
    return replaceRunning(view, `it was to join ${tries.length} times since ${seconds(first)} ago and never did`);
  return { does: 'join', because: 'its machine is there, and is no node of the cluster' };
}

const unknownPower = {
  does: 'refuse',
  because: 'nobody here can tell whether it still runs; make sure that it is off, and say so with --confirm-off',
} as const;

/** Whether it is no member any more that could come back: its vote is lost for as long as its node is there. */
const isCertainlyOff = ({ machine, confirmedOff }: HealMachine): boolean =>
  machine === 'off' || machine === 'gone' || confirmedOff;

/** One server at a time, while all others are well, and never at the cost of etcd's quorum. */
function onlyOneServer(servers: readonly HealVerdict[], { members, machines }: HealView): readonly HealVerdict[] {
  // One that has left etcd, or never was in it, is only missing: it can be made whatever becomes of the others.
  const isMember = ({ name }: HealVerdict): boolean => machines.find((one) => one.name === name)!.node !== 'absent';
  const down = servers.filter(isMember);
  return servers.map((server) => {
    if (!isHealed(server) || !isMember(server)) return server;
    if (down.length > 1)
      return refusing(server, `${namesOf(down)} are down at once, and servers are only replaced one at a time`);
    const loss = members && quorumLoss(server.name, members);
    return loss === undefined ? server : refusing(server, loss);
  });
}

function withinBudget(
  workers: readonly HealVerdict[],
  { machines }: HealView,
  { maxWorkersDown }: HealPolicy,
): readonly HealVerdict[] {
  const down = workers.filter(isDown).length;
  if (down <= maxWorkersDown) return workers;
  const all = machines.filter(({ role }) => role === 'worker').length;
  const because = `${down} of ${plural(all, 'worker')} are down, and no more than ${maxWorkersDown} may be for them to be healed`;
  return workers.map((worker) => (isHealed(worker) ? refusing(worker, because) : worker));
}

/** A machine that stands by for the pool takes the place of a worker that is lost. */
function promoted(workers: readonly HealVerdict[], { machines, standbys }: HealView): readonly HealVerdict[] {
  const left = [...standbys];
  return workers.map((worker) => {
    if (worker.does !== 'replace') return worker;
    const { pool } = machines.find(({ name }) => name === worker.name)!;
    const at = left.findIndex((standby) => standby.pool === pool);
    const [standby] = at < 0 ? [] : left.splice(at, 1);
    if (!standby) return worker;
    return { ...worker, does: 'promote', because: `${worker.because}; the standby ${standby.name} takes its place` };
  });
}

/** What stands by is made again, but not while machines are left as they are for a reason. */
function restocked(verdicts: readonly HealVerdict[], { missingStandbys }: HealView): readonly HealVerdict[] {
  if (verdicts.some(({ does }) => does === 'refuse')) return [];
  return missingStandbys.map(({ name, place, pool, role }) => ({
    name,
    place,
    role,
    does: 'prepare',
    because: `pool ${pool} is short of a standby`,
  }));
}

/** What is begun beside a server that is not well, and is not to be replaced now, would start that server as well. */
function afterServers(verdicts: readonly HealVerdict[]): readonly HealVerdict[] {
  const first = verdicts.find(({ role, does }) => role === 'control-plane' && does !== 'replace' && does !== 'join');
  if (!first) return verdicts;
  const because = (verdict: HealVerdict): string => `${verdict.because}; ${first.name}, a server, comes first`;
  return verdicts.map((verdict) =>
    verdict !== first && isHealed(verdict) ? { ...verdict, does: 'wait', because: because(verdict) } : verdict,
  );
}

const refusing = (verdict: HealVerdict, because: string): HealVerdict => ({
  ...verdict,
  does: 'refuse',
  because: `${verdict.because}; ${because.replace(/\.$/, '')}`,
});

const namesOf = (some: readonly { readonly name: string }[]): string => some.map(({ name }) => name).join(' and ');

const seconds = (ms: number): string =>
  ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
