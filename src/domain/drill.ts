import { drainObstacles, type DrainView } from './drain.js';
import type { Role } from './machine.js';
import { plural } from './plural.js';
import { etcdHealth, type Voter } from './quorum.js';

/** A cluster whose machine is to be deleted on purpose. */
export interface DrillView {
  readonly target: { readonly name: string; readonly role: Role; readonly ready: boolean };
  /** Every node; the target is one of them. */
  readonly nodes: readonly { readonly name: string; readonly role: Role; readonly ready: boolean }[];
  /** Of etcd; undefined where nobody votes. */
  readonly members: readonly Voter[] | undefined;
  /** Of the pods on the target. */
  readonly pods: DrainView;
  /** Whether the provider can delete and make machines, or its owner switches the host off. */
  readonly canBeLost: boolean;
}

/** Why losing this machine would cost data, the quorum, or all that pods could move to: each reason, none where it may go. */
export function drillProblems({ target, nodes, members, pods, canBeLost }: DrillView): readonly string[] {
  const ill = nodes.filter(({ ready }) => !ready).map(({ name }) => name);
  const others = nodes.filter(({ name, role, ready }) => name !== target.name && role === target.role && ready);
  const lost = drainObstacles([target.name], pods).filter(({ kind }) => kind !== 'budget');
  return [
    ...(canBeLost
      ? []
      : ['its host is not ours to delete: with --by-hand you are told when to switch it off yourself']),
    ...(ill.length > 0
      ? [
          `${ill.join(', ')} ${ill.length === 1 ? 'is' : 'are'} not Ready already: a drill begins with a cluster that is well`,
        ]
      : []),
    ...(target.role === 'control-plane' ? quorumProblem(target.name, members) : []),
    ...(target.role === 'worker' && others.length === 0
      ? ['it is the only worker: its pods would have nowhere to go']
      : []),
    ...lost.map(({ kind, text }) =>
      kind === 'local-data' ? `data would be lost: ${text}` : `${text} would be lost: nothing starts it again`,
    ),
  ];
}

function quorumProblem(name: string, members: readonly Voter[] | undefined): readonly string[] {
  if (!members) return ['it runs the Kubernetes API, and nobody votes for another one'];
  const voters = members.filter(({ voting }) => voting).length;
  const isVoter = members.some((one) => one.name === name && one.voting);
  const { spare, needed } = etcdHealth(members.length, voters);
  if (!isVoter || spare >= 1) return [];
  return [
    `etcd would lose its quorum: ${voters - 1} of ${plural(members.length, 'member')} would vote, and ${needed} are needed`,
  ];
}

/** What was seen at one moment after the machine was deleted. */
export interface DrillSample {
  /** Milliseconds since it was asked to be deleted. */
  readonly atMs: number;
  /** What the API says; undefined while it does not answer. */
  readonly cluster:
    | {
        /** Whether the lost node is not Ready, marked as out of service, or gone. */
        readonly noticed: boolean;
        /** Volumes that are still attached to it, or attachments of the one that is gone. */
        readonly attached: number;
        /** Pods that ran on it, or used it, less those that are Ready elsewhere. */
        readonly podsMissing: number;
        /** Nodes like it that are Ready, without itself; undefined where no node was lost. */
        readonly readyNodes?: number | undefined;
        /** Whether the data of a lost volume are back, in another one that pods use. */
        readonly isDataBack?: boolean | undefined;
      }
    | undefined;
  /** Whether the address was answered well; undefined where none is asked. */
  readonly answered: boolean | undefined;
}

/** How long what took, in milliseconds since the machine was deleted; undefined: it did not happen while it was watched. */
export interface DrillTimes {
  readonly noticedMs: number | undefined;
  /** Undefined, too, where it had no volume. */
  readonly detachedMs: number | undefined;
  readonly podsReadyMs: number | undefined;
  /** Undefined, too, where no node was lost. */
  readonly capacityMs: number | undefined;
  /** Undefined, too, where no data were lost. */
  readonly dataMs?: number | undefined;
  readonly url:
    | {
        /** Probes that failed, one each second. */
        readonly failedSeconds: number;
        /** When it was answered again after the last that failed; 0: none did. */
        readonly answeredMs: number | undefined;
      }
    | undefined;
}

/** How it was before: so many volumes, pods and nodes. */
export interface DrillBefore {
  readonly attached: number;
  readonly pods: number;
  /** Undefined where no node is lost. */
  readonly readyNodes?: number | undefined;
  /** Whether data are lost, which have to come back. */
  readonly data?: boolean | undefined;
}

export function drillTimes(samples: readonly DrillSample[], before: DrillBefore): DrillTimes {
  const first = (is: (seen: NonNullable<DrillSample['cluster']>) => boolean): number | undefined =>
    samples.find(({ cluster }) => cluster !== undefined && is(cluster))?.atMs;
  const { readyNodes: nodes } = before;
  return {
    noticedMs: noticedAt(samples, before),
    detachedMs: before.attached === 0 ? undefined : first(({ attached }) => attached === 0),
    podsReadyMs: before.pods === 0 ? undefined : first(({ podsMissing }) => podsMissing === 0),
    capacityMs: nodes === undefined ? undefined : first(({ readyNodes = 0 }) => readyNodes >= nodes),
    ...(before.data ? { dataMs: first(({ isDataBack }) => isDataBack === true) } : {}),
    url: urlTimes(samples.filter(({ answered }) => answered !== undefined)),
  };
}

/** The cluster noticed it; or, of a volume, those who asked for what was on it. */
export const noticedAt = (samples: readonly DrillSample[], before: DrillBefore): number | undefined =>
  samples.find(({ cluster, answered }) => cluster?.noticed === true || (before.data === true && answered === false))
    ?.atMs;

function urlTimes(probes: readonly DrillSample[]): DrillTimes['url'] {
  if (probes.length === 0) return undefined;
  const lastFailed = probes.findLastIndex(({ answered }) => answered === false);
  return {
    failedSeconds: probes.filter(({ answered }) => answered === false).length,
    answeredMs: lastFailed < 0 ? 0 : probes[lastFailed + 1]?.atMs,
  };
}

/** So many seconds an address has to be answered without a failure for it to count as answered again. */
const steady = 5;

/** Whether nothing more is to be waited for. */
export function isDrillOver(samples: readonly DrillSample[], before: DrillBefore): boolean {
  const { noticedMs, detachedMs, podsReadyMs, capacityMs, dataMs } = drillTimes(samples, before);
  const last = samples.slice(-steady);
  return (
    noticedMs !== undefined &&
    (before.readyNodes === undefined || capacityMs !== undefined) &&
    (before.data !== true || dataMs !== undefined) &&
    (before.attached === 0 || detachedMs !== undefined) &&
    (before.pods === 0 || podsReadyMs !== undefined) &&
    last.length === steady &&
    last.every(({ answered }) => answered !== false)
  );
}
