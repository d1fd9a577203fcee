import { type ContainerStatus, containerStatuses, initStatuses } from '../containers/pod-status.js';
import { isMap, type Obj } from '../objects.js';
import { maps, text } from './column.js';

/** What one line says of a pod. */
export interface PodSummary {
  readonly ready: number;
  readonly containers: number;
  readonly status: string;
  readonly restarts: number;
  /** When the container ended that was started again last. */
  readonly lastEnd: string | undefined;
}

const isTrue = (pod: Obj, type: string): boolean =>
  maps(pod, 'status.conditions').some((one) => one['type'] === type && one['status'] === 'True');

const terminatedText = ({ state }: ContainerStatus): string => {
  const { reason, signal, exitCode } = state.terminated as { reason?: string; signal?: number; exitCode: number };
  if (reason) return reason;
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`;
};

const restartsOf = (list: readonly ContainerStatus[]): Pick<PodSummary, 'restarts' | 'lastEnd'> => ({
  restarts: list.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0),
  lastEnd: list
    .flatMap(({ lastState }) => lastState?.terminated?.finishedAt ?? [])
    .sort()
    .at(-1),
});

/** As kubectl shows it: what stands in a pod's way before what else there is to say. */
export function podSummary(pod: Obj): PodSummary {
  const sidecars = new Set(
    maps(pod, 'spec.initContainers')
      .filter((one) => one['restartPolicy'] === 'Always')
      .map((one) => text(one, 'name')),
  );
  const containers = maps(pod, 'spec.containers').length + sidecars.size;
  const init = initialization(pod, sidecars);
  const inits = initStatuses(pod);
  const mains = containerStatuses(pod);
  const isStarted = init.status === undefined || isTrue(pod, 'Initialized');
  const main = isStarted ? mainStatus(pod, init.status ?? baseStatus(pod), mains) : undefined;
  const counted = isStarted ? [...inits.filter(({ name }) => sidecars.has(name)), ...mains] : init.seen;
  return {
    ready: init.ready + (main?.ready ?? 0),
    containers,
    status: endingStatus(pod) ?? main?.status ?? init.status ?? baseStatus(pod),
    ...restartsOf(counted),
  };
}

export const shownStatus = (pod: Obj): string => podSummary(pod).status;

function baseStatus(pod: Obj): string {
  const isGated = maps(pod, 'status.conditions').some(
    (one) => one['type'] === 'PodScheduled' && one['reason'] === 'SchedulingGated',
  );
  return isGated ? 'SchedulingGated' : text(pod, 'status.reason') || text(pod, 'status.phase');
}

function endingStatus(pod: Obj): string | undefined {
  if (!pod.metadata.deletionTimestamp) return undefined;
  if (text(pod, 'status.reason') === 'NodeLost') return 'Unknown';
  return ['Succeeded', 'Failed'].includes(text(pod, 'status.phase')) ? undefined : 'Terminating';
}

/** How far the containers have come that go first; a status where they are not done. */
function initialization(
  pod: Obj,
  sidecars: ReadonlySet<string>,
): { readonly status: string | undefined; readonly ready: number; readonly seen: readonly ContainerStatus[] } {
  const all = initStatuses(pod);
  let ready = 0;
  for (const [index, one] of all.entries()) {
    const { state, name, started } = one;
    if (state.terminated?.exitCode === 0) continue;
    if (sidecars.has(name) && started) {
      if (one.ready) ready += 1;
      continue;
    }
    const seen = all.slice(0, index + 1);
    if (state.terminated) return { status: `Init:${terminatedText(one)}`, ready, seen };
    const waiting = state.waiting?.reason ?? '';
    const total = maps(pod, 'spec.initContainers').length;
    const why = waiting === '' || waiting === 'PodInitializing' ? `${index}/${total}` : waiting;
    return { status: `Init:${why}`, ready, seen };
  }
  return { status: undefined, ready, seen: all };
}

/** The first container that has something to say, unless all is well. */
function mainStatus(
  pod: Obj,
  before: string,
  statuses: readonly ContainerStatus[],
): { readonly status: string; readonly ready: number } {
  let status = before;
  let error = '';
  let ready = 0;
  for (const one of [...statuses].reverse()) {
    const { state } = one;
    if (state.waiting?.reason) status = state.waiting.reason;
    else if (isMap(state.terminated)) {
      status = terminatedText(one);
      if (state.terminated.exitCode !== 0) error = status;
    } else if (one.ready && state.running) ready += 1;
  }
  if (status !== 'Completed') return { status, ready };
  if (ready > 0 && isTrue(pod, 'Ready')) return { status: 'Running', ready };
  if (error !== '') return { status: error, ready };
  return { status: ready > 0 ? 'NotReady' : status, ready };
}

/** Conditions that a pod waits for, and how many of them hold. */
export function readinessGates(pod: Obj): string {
  const gates = maps(pod, 'spec.readinessGates').map((gate) => text(gate, 'conditionType'));
  return gates.length === 0 ? '<none>' : `${gates.filter((type) => isTrue(pod, type)).length}/${gates.length}`;
}
