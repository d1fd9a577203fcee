import { behaviorAnnotation } from '../containers/behavior.js';
import { containerStatuses, type ContainerStatus, statusOf } from '../containers/pod-status.js';
import { isPodReady } from '../eviction.js';
import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { conditionOf, withCondition } from './conditions.js';
import { type Container, ContainerRunner, initContainers, mainContainers, type Runnable } from './containers.js';
import { missingOf } from './pod-needs.js';
import { PodTimers } from './pod-timers.js';
import type { PodLogs, Program } from './programs.js';

/** A pod that is on its way out is looked at no more. */
const stopping = 'stopping';

/** What the kubelets of all nodes do with their pods. */
export class Kubelets {
  /** What was known of a pod when it was taken up, by uid. */
  readonly #known = new Map<string, string>();
  readonly #timers: PodTimers;
  readonly #runner: ContainerRunner;

  constructor(
    private readonly cluster: ClusterState,
    private readonly programs: readonly Program[],
    private readonly logs: PodLogs,
  ) {
    this.#timers = new PodTimers(cluster.clock);
    this.#runner = new ContainerRunner(cluster, this.#timers, logs, (pod) => this.#start(pod));
  }

  /** A pod was made or changed, or its node came back. */
  see(pod: Obj): void {
    if (pod.metadata.deletionTimestamp) return this.#end(pod);
    const { phase } = pod.status ?? {};
    if (typeof pod.spec?.['nodeName'] !== 'string') return;
    const uid = pod.metadata.uid!;
    if (phase === 'Succeeded' || phase === 'Failed') return this.#timers.clear(uid);
    const print = fingerprint(pod);
    if (this.#known.get(uid) === print) return;
    this.#known.set(uid, print);
    this.#timers.clear(uid);
    const hasStarted = containerStatuses(pod).some(({ state }) => !state.waiting);
    this.#timers.set(uid, 'pod', hasStarted ? 0 : this.cluster.times.podStartMs, () => this.#start(pod));
  }

  /** A pod is gone. */
  gone({ metadata: { uid } }: Obj): void {
    this.#forget(uid!);
    this.logs.drop(uid!);
  }

  /** What pods waited for may be there now. */
  lookAgain(): void {
    for (const pod of this.cluster.store.peek(this.cluster.pods))
      if (containerStatuses(pod).some(waitsForObjects)) this.see(pod);
  }

  /** The node of a pod fell silent: nobody knows how it is. */
  silent(pod: Obj): void {
    if (isPodReady(pod)) {
      this.cluster.change(pod, (object) => {
        const condition = { type: 'Ready', status: 'False', lastTransitionTime: this.cluster.store.stamp() };
        object.status = { ...object.status, conditions: withCondition(object, condition) };
      });
    }
    // Last, as a change has the pod looked at.
    if (!pod.metadata.deletionTimestamp) this.#forget(pod.metadata.uid!);
  }

  #forget(uid: string): void {
    this.#known.delete(uid);
    this.#timers.clear(uid);
  }

  #end(pod: Obj): void {
    const uid = pod.metadata.uid!;
    if (this.#known.get(uid) === stopping) return;
    this.#timers.clear(uid);
    this.#known.set(uid, stopping);
    this.#stop(pod);
  }

  /** A pod on its way out stays until its kubelet says that it has ended, or somebody deletes it without asking. */
  #stop(pod: Obj): void {
    this.#timers.set(pod.metadata.uid!, 'pod', this.cluster.times.podStopMs, () => {
      if (this.cluster.kubeletLives(pod.spec?.['nodeName'] as string)) this.cluster.removePod(pod);
      else this.#stop(pod);
    });
  }

  /** Starts what of a pod can be started now, or goes on with what runs. */
  #start(pod: Obj): void {
    const current = this.#runner.current(pod);
    if (!current) return;
    const uid = current.metadata.uid!;
    const node = this.cluster.store.look(this.cluster.kind('v1', 'Node'), '', current.spec?.['nodeName'] as string);
    // Looked at again when the node is Ready.
    if (!node || conditionOf(node, 'Ready')?.status !== 'True') return this.#forget(uid);
    // A node looks Ready for a while after its kubelet has fallen silent.
    if (!this.cluster.kubeletLives(node.metadata.name))
      return this.#timers.set(uid, 'pod', this.cluster.times.podStartMs, () => this.#start(pod));
    const missing = missingOf(this.cluster, current);
    if (missing) {
      const names = mainContainers(current).map(({ name }) => name);
      this.#runner.report(current, names, () => ({ state: { waiting: missing } }));
      return this.#forget(uid);
    }
    if (this.#initialize(current)) this.#startMain(current);
  }

  /** Runs what comes before the containers, one after another. @returns whether that is done */
  #initialize(pod: Obj): boolean {
    for (const container of initContainers(pod)) {
      const current = this.#runner.current(pod);
      if (!current) return false;
      if (statusOf(current, container.name)?.state.terminated?.exitCode === 0) continue;
      this.#takeUp(current, this.#runner.runnable(container));
      if (container.restartPolicy !== 'Always') return false;
    }
    return true;
  }

  #startMain(pod: Obj): void {
    const program = this.programs.find((one) => one.matches(pod));
    const runnables = program
      ? [this.#runner.program(pod, this.programs)]
      : mainContainers(pod).map((container: Container) => this.#runner.runnable(container));
    for (const one of runnables) {
      const current = this.#runner.current(pod);
      if (current) this.#takeUp(current, one);
    }
  }

  #takeUp(pod: Obj, one: Runnable): void {
    const { state, lastState, image } = statusOf(pod, one.names[0]!) ?? {};
    if (state?.terminated) return;
    if (state?.waiting?.reason === 'CrashLoopBackOff' && lastState?.terminated) this.#runner.restartLater(pod, one);
    else if (state?.running && image === one.image) one.follow(pod);
    else if (state?.running) this.#runner.restart(pod, one);
    else one.run(pod);
  }
}

/** What of a pod may change while it runs and has its containers looked at again. */
const fingerprint = (pod: Obj): string =>
  JSON.stringify([
    pod.metadata.annotations?.[behaviorAnnotation],
    [...initContainers(pod), ...mainContainers(pod)].map(({ image }) => image),
  ]);

const waitsForObjects = ({ state }: ContainerStatus): boolean =>
  ['CreateContainerConfigError', 'ContainerCreating'].includes(state.waiting?.reason ?? '');
