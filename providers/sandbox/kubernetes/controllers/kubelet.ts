import { isPodReady } from '../eviction.js';
import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { conditionOf, withCondition } from './conditions.js';
import { missingOf, type PodSpec } from './pod-needs.js';
import type { PodLogs, Program, ProgramRun } from './programs.js';

interface ContainerState {
  readonly running?: { readonly startedAt: string };
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly terminated?: { readonly exitCode: number; readonly reason: string; readonly finishedAt: string };
}

/** Seconds before a container that ended is started again; doubled each time. */
const firstBackOffMs = 10_000;
const longestBackOffMs = 300_000;
const imageRetryMs = 20_000;

/** What the kubelets of all nodes do with their pods. */
export class Kubelets {
  /** Pods that are being started or wait for something, by uid. */
  readonly #starting = new Set<string>();
  /** Ends of what was ordered for a pod, by uid. */
  readonly #cancels = new Map<string, () => void>();
  #podNumber = 2;

  constructor(
    private readonly cluster: ClusterState,
    private readonly programs: readonly Program[],
    private readonly logs: PodLogs,
  ) {}

  /** A pod was made or changed, or its node came back. */
  see(pod: Obj): void {
    if (pod.metadata.deletionTimestamp) return this.#end(pod);
    const { phase } = pod.status ?? {};
    if (typeof pod.spec?.['nodeName'] !== 'string' || isPodReady(pod)) return;
    if (phase === 'Succeeded' || phase === 'Failed' || this.#starting.has(pod.metadata.uid!)) return;
    if (stateOf(pod)?.waiting?.reason === 'CrashLoopBackOff') return this.#restartLater(pod);
    this.#starting.add(pod.metadata.uid!);
    this.#after(pod, phase === 'Running' ? 0 : this.cluster.times.podStartMs, () => this.#start(pod));
  }

  /** A pod is gone. */
  gone(pod: Obj): void {
    const { uid } = pod.metadata;
    this.#starting.delete(uid!);
    this.#cancels.get(uid!)?.();
    this.#cancels.delete(uid!);
    this.logs.drop(uid!);
  }

  /** What pods waited for may be there now. */
  lookAgain(): void {
    for (const pod of this.cluster.store.peek(this.cluster.pods)) {
      const reason = stateOf(pod)?.waiting?.reason;
      if (reason === 'CreateContainerConfigError' || reason === 'ContainerCreating') this.see(pod);
    }
  }

  /** The node of a pod fell silent: nobody knows how it is. */
  silent(pod: Obj): void {
    if (isPodReady(pod)) this.#tell(pod, { running: { startedAt: this.#now() } }, false);
  }

  #start(pod: Obj): void {
    this.#starting.delete(pod.metadata.uid!);
    const current = this.cluster.current(pod);
    if (!current || current.metadata.deletionTimestamp || isPodReady(current)) return;
    const node = this.cluster.store.look(this.cluster.kind('v1', 'Node'), '', current.spec?.['nodeName'] as string);
    if (!node || conditionOf(node, 'Ready')?.status !== 'True') return;
    const missing = missingOf(this.cluster, current);
    if (missing) return this.#tell(current, { waiting: missing }, false);
    this.#run(current);
  }

  #run(pod: Obj): void {
    const { uid } = pod.metadata;
    this.logs.begin(uid!);
    const program = this.programs.find((one) => one.matches(pod));
    const run = program?.start(pod, (line) => this.logs.write(uid!, line)) ?? this.#usual(pod);
    if (run.kind === 'no image') {
      this.#tell(pod, { waiting: { reason: 'ImagePullBackOff', message: run.message } }, false);
      this.#after(pod, imageRetryMs, () => this.#start(pod));
      return;
    }
    const ready = run.kind === 'serves' || !isOfJob(pod);
    this.#tell(pod, { running: { startedAt: this.#now() } }, run.kind === 'serves' && ready);
    if (run.kind === 'ends') this.#after(pod, run.afterMs, () => this.#ended(pod, run.end()));
  }

  /** What containers do that nobody has described: they serve, or a job's end well. */
  #usual(pod: Obj): ProgramRun {
    this.logs.write(pod.metadata.uid!, `${this.#now()} ${pod.metadata.name} started`);
    return isOfJob(pod) ? { kind: 'ends', afterMs: 1_000, end: () => 0 } : { kind: 'serves' };
  }

  #ended(pod: Obj, exitCode: number): void {
    const current = this.cluster.current(pod);
    if (!current || current.metadata.deletionTimestamp) return;
    const policy = (current.spec as PodSpec | undefined)?.restartPolicy ?? 'Always';
    const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', finishedAt: this.#now() };
    if (policy === 'Never' || (policy === 'OnFailure' && exitCode === 0)) {
      this.#tell(current, { terminated }, false, exitCode === 0 ? 'Succeeded' : 'Failed');
      return;
    }
    const waiting = {
      reason: 'CrashLoopBackOff',
      message: `back-off restarting failed container in pod ${current.metadata.name}`,
    };
    this.#tell(current, { waiting }, false, 'Running', { terminated });
    const now = this.cluster.current(current);
    if (now) this.#restartLater(now);
  }

  #restartLater(pod: Obj): void {
    if (this.#cancels.has(pod.metadata.uid!)) return;
    const restarts = Number((pod.status?.['containerStatuses'] as { restartCount?: number }[])[0]?.restartCount ?? 0);
    const wait = Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(restarts, 6));
    this.#after(pod, wait, () => {
      const current = this.cluster.current(pod);
      if (!current || current.metadata.deletionTimestamp) return;
      this.cluster.change(current, (object) => {
        const statuses = (object.status?.['containerStatuses'] ?? []) as { restartCount: number }[];
        for (const status of statuses) status.restartCount += 1;
      });
      const again = this.cluster.current(current);
      if (again) this.#start(again);
    });
  }

  #end(pod: Obj): void {
    this.#starting.delete(pod.metadata.uid!);
    this.#after(pod, this.cluster.times.podStopMs, () => this.cluster.removePod(pod), 'stopping');
  }

  /** One thing at a time is ordered for a pod; on its way out it stays so. */
  #after(pod: Obj, ms: number, work: () => void, how?: 'stopping'): void {
    const { uid } = pod.metadata;
    if (how === 'stopping' && this.#stopping.has(uid!)) return;
    if (how === 'stopping') this.#stopping.add(uid!);
    this.#cancels.get(uid!)?.();
    const cancel = this.cluster.clock.after(ms, () => {
      this.#cancels.delete(uid!);
      this.#stopping.delete(uid!);
      work();
    });
    this.#cancels.set(uid!, cancel);
  }
  readonly #stopping = new Set<string>();

  #tell(pod: Obj, state: ContainerState, ready: boolean, phase?: string, lastState?: ContainerState): void {
    this.cluster.change(pod, (object) => {
      const { containers = [] } = object.spec as PodSpec;
      const before = (object.status?.['containerStatuses'] ?? []) as {
        restartCount: number;
        lastState?: ContainerState;
      }[];
      const started = state.running !== undefined;
      object.status = {
        ...object.status,
        phase: phase ?? (state.waiting && object.status?.['phase'] !== 'Running' ? 'Pending' : 'Running'),
        startTime: object.status?.['startTime'] ?? this.#now(),
        ...(started ? { podIP: object.status?.['podIP'] ?? this.#address() } : {}),
        conditions: withCondition(object, {
          type: 'Ready',
          status: ready ? 'True' : 'False',
          ...(ready ? {} : { reason: state.terminated ? 'PodCompleted' : 'ContainersNotReady' }),
          lastTransitionTime: this.#now(),
        }),
        containerStatuses: containers.map(({ name, image = '' }, index) => ({
          name,
          image,
          imageID: '',
          ready,
          started,
          restartCount: before[index]?.restartCount ?? 0,
          state,
          lastState: lastState ?? before[index]?.lastState ?? {},
        })),
      };
    });
  }

  #address(): string {
    this.#podNumber += 1;
    return `10.42.${Math.floor(this.#podNumber / 250) % 250}.${(this.#podNumber % 250) + 2}`;
  }

  #now(): string {
    return this.cluster.store.stamp();
  }
}

const stateOf = (pod: Obj): ContainerState | undefined =>
  ((pod.status?.['containerStatuses'] ?? []) as { state?: ContainerState }[])[0]?.state;

const isOfJob = ({ metadata }: Obj): boolean => metadata.ownerReferences?.some(({ kind }) => kind === 'Job') ?? false;
