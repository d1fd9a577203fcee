import { type Condition, withCondition } from '../controllers/conditions.js';
import type { Obj } from '../objects.js';

export interface ContainerState {
  readonly running?: { readonly startedAt: string };
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly terminated?: {
    readonly exitCode: number;
    readonly reason: string;
    readonly startedAt?: string;
    readonly finishedAt: string;
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly imageID: string;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
}

export interface ContainerReport {
  readonly state: ContainerState;
  readonly ready?: boolean;
  readonly lastState?: ContainerState;
  readonly restartCount?: number;
}

interface Spec {
  readonly restartPolicy?: string;
  readonly containers?: readonly { readonly name: string; readonly image?: string }[];
  readonly initContainers?: readonly {
    readonly name: string;
    readonly image?: string;
    readonly restartPolicy?: string;
  }[];
}

const specOf = (pod: Obj): Spec => pod.spec ?? {};
const listed = (value: unknown): readonly ContainerStatus[] => (Array.isArray(value) ? value : []) as ContainerStatus[];

export const containerStatuses = (pod: Obj): readonly ContainerStatus[] => listed(pod.status?.['containerStatuses']);
export const initStatuses = (pod: Obj): readonly ContainerStatus[] => listed(pod.status?.['initContainerStatuses']);

export const statusOf = (pod: Obj, name: string): ContainerStatus | undefined =>
  [...initStatuses(pod), ...containerStatuses(pod)].find((one) => one.name === name);

/** A pod's status after some of its containers reported. Phase and conditions follow from all of them. */
export function reported(
  pod: Obj,
  reports: Readonly<Record<string, ContainerReport>>,
  now: string,
): Record<string, unknown> {
  const { containers = [], initContainers = [] } = specOf(pod);
  const unstarted = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
  const status = (before: ContainerStatus | undefined, name: string, image = ''): ContainerStatus => {
    const report = reports[name];
    const state = report?.state ?? before?.state ?? { waiting: { reason: unstarted } };
    return {
      name,
      image,
      imageID: '',
      ready: report ? (report.ready ?? false) : (before?.ready ?? false),
      started: state.running !== undefined,
      restartCount: report?.restartCount ?? before?.restartCount ?? 0,
      state,
      lastState: report?.lastState ?? before?.lastState ?? {},
    };
  };
  const main = containers.map(({ name, image }) => status(statusOf(pod, name), name, image));
  const init = initContainers.map(({ name, image }) => status(statusOf(pod, name), name, image));
  const phase = phaseOf(pod, init, main);
  return {
    ...pod.status,
    phase,
    startTime: pod.status?.['startTime'] ?? now,
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: main,
    conditions: conditionsOf(pod, phase, main, now),
  };
}

function conditionsOf(pod: Obj, phase: string, main: readonly ContainerStatus[], now: string): readonly Condition[] {
  const unready = main.filter(({ ready }) => !ready).map(({ name }) => name);
  const reason = phase === 'Succeeded' ? 'PodCompleted' : 'ContainersNotReady';
  const isReady = unready.length === 0;
  const condition = {
    type: 'Ready',
    status: isReady ? 'True' : 'False',
    ...(isReady ? {} : { reason, message: `containers with unready status: [${unready.join(' ')}]` }),
    lastTransitionTime: now,
  };
  return withCondition(pod, condition);
}

const isSidecar = (pod: Obj, name: string): boolean =>
  specOf(pod).initContainers?.some((one) => one.name === name && one.restartPolicy === 'Always') ?? false;

/** As the kubelet derives it. */
function phaseOf(pod: Obj, init: readonly ContainerStatus[], main: readonly ContainerStatus[]): string {
  const { restartPolicy = 'Always' } = specOf(pod);
  for (const { name, state } of init) {
    const code = state.terminated?.exitCode;
    if (isSidecar(pod, name)) continue;
    if (code !== undefined && code !== 0 && restartPolicy === 'Never') return 'Failed';
    if (code !== 0) return 'Pending';
  }
  if (main.some(({ state, lastState }) => state.waiting && !lastState.terminated)) return 'Pending';
  if (main.some(({ state }) => state.running)) return 'Running';
  if (restartPolicy === 'Always' || main.some(({ state }) => state.waiting)) return 'Running';
  const hasFailed = main.some(({ state }) => state.terminated?.exitCode !== 0);
  if (!hasFailed) return 'Succeeded';
  return restartPolicy === 'Never' ? 'Failed' : 'Running';
}

/** How often a pod's containers were started again. */
export const restartsOf = (pod: Obj): number =>
  [...initStatuses(pod), ...containerStatuses(pod)].reduce((sum, { restartCount }) => sum + restartCount, 0);
