import { behaviorOf, type Container, type Role } from '../containers/behavior.js';
import { type ContainerReport, reported, statusOf } from '../containers/pod-status.js';
import { isPodReady } from '../eviction.js';
import type { Obj } from '../objects.js';
import type { ClusterState } from './cluster.js';
import { recordEvent } from './events.js';
import type { PodTimers } from './pod-timers.js';
import type { PodLogs, Program } from './programs.js';

export type { Container } from '../containers/behavior.js';

/** Milliseconds before a container that ended is started again; doubled each time. */
const firstBackOffMs = 10_000;
const longestBackOffMs = 300_000;
const imageRetryMs = 20_000;

/** A container, or all of a pod's at once where a simulated program stands for them. */
export interface Runnable {
  readonly names: readonly string[];
  readonly image: string;
  run(pod: Obj): void;
  /** Goes on with what runs already: the sandbox was started again, or the pod was changed. */
  follow(pod: Obj): void;
}

export const mainContainers = (pod: Obj): readonly Container[] => (pod.spec?.['containers'] ?? []) as Container[];
export const initContainers = (pod: Obj): readonly Container[] => (pod.spec?.['initContainers'] ?? []) as Container[];

/** Runs the containers of pods and reports how they are. */
export class ContainerRunner {
  constructor(
    private readonly cluster: ClusterState,
    private readonly timers: PodTimers,
    private readonly logs: PodLogs,
    /** An init container ended well: what comes next in this pod? */
    private readonly next: (pod: Obj) => void,
  ) {}

  /** The pod as it is now, where a kubelet can do something with it. */
  current(pod: Obj): Obj | undefined {
    const current = this.cluster.current(pod);
    return current && !current.metadata.deletionTimestamp ? current : undefined;
  }

  runnable(container: Container): Runnable {
    const one: Runnable = {
      names: [container.name],
      image: container.image ?? '',
      run: (pod) => this.#run(pod, container, one),
      follow: (pod) => this.#follow(pod, container, one),
    };
    return one;
  }

  program(pod: Obj, programs: readonly Program[]): Runnable {
    const one: Runnable = {
      names: mainContainers(pod).map(({ name }) => name),
      image: mainContainers(pod)[0]?.image ?? '',
      run: (current) => {
        const program = programs.find((candidate) => candidate.matches(current));
        if (program) this.#runProgram(current, program, one);
        // Its image can be had by now: what its containers are is to be run.
        else this.next(current);
      },
      // One that serves goes on; of one that was at work nobody knows how far it came.
      follow: (current) => {
        if (!isPodReady(current)) one.run(current);
      },
    };
    return one;
  }

  /** Stores what containers of a pod report of themselves. */
  report(pod: Obj, names: readonly string[], make: (name: string) => ContainerReport): void {
    const reports = Object.fromEntries(names.map((name) => [name, make(name)]));
    this.cluster.change(pod, (object) => {
      object.status = reported(object, reports, this.#now());
    });
  }

  restart(pod: Obj, one: Runnable): void {
    this.report(pod, one.names, (name) => {
      const { state = {}, restartCount = 0 } = statusOf(pod, name) ?? {};
      return { state, restartCount: restartCount + 1 };
    });
    const current = this.current(pod);
    if (current) one.run(current);
  }

  restartLater(pod: Obj, one: Runnable): void {
    this.#after(pod, one.names.join(' '), backOffMs(pod, one), (current) => this.restart(current, one));
  }

  #after(pod: Obj, key: string, ms: number, work: (pod: Obj) => void): void {
    this.timers.set(pod.metadata.uid!, key, ms, () => {
      const current = this.current(pod);
      if (current) work(current);
    });
  }

  #run(pod: Obj, container: Container, one: Runnable): void {
    const addressed = this.#withAddress(pod);
    if (!addressed) return;
    const { image, output } = behaviorOf(addressed, container, roleOf(addressed, container));
    if (image) {
      this.#warn(addressed, 'Failed', image.message);
      return this.#waitForImage(addressed, image, one);
    }
    const uid = addressed.metadata.uid!;
    this.logs.begin(uid);
    this.logs.write(uid, `${this.#now()} ${addressed.metadata.name} started`);
    for (const line of output) this.logs.write(uid, line);
    this.report(addressed, one.names, () => ({ state: { running: { startedAt: this.#now() } } }));
    this.#follow(addressed, container, one);
  }

  #waitForImage(pod: Obj, waiting: { readonly reason: string; readonly message: string }, one: Runnable): void {
    this.report(pod, one.names, () => ({ state: { waiting } }));
    this.#after(pod, one.names.join(' '), imageRetryMs, (current) => one.run(current));
  }

  /** What a running container does from here on. */
  #follow(pod: Obj, container: Container, one: Runnable): void {
    const { name } = container;
    const { readyAfterMs, endsAfterMs, exitCode, unhealthy } = behaviorOf(pod, container, roleOf(pod, container));
    for (const { probe, why } of unhealthy) this.#warn(pod, 'Unhealthy', `${probe} probe failed: ${why}`);
    const setReady = (current: Obj, ready: boolean): void => {
      const { state } = statusOf(current, name) ?? {};
      if (state?.running) this.report(current, one.names, () => ({ state, ready }));
    };
    const current = this.current(pod);
    if (!current) return;
    const wasReady = statusOf(current, name)?.ready ?? false;
    if (readyAfterMs === 0 || (readyAfterMs !== undefined && wasReady)) setReady(current, true);
    else setReady(current, false);
    if (readyAfterMs !== undefined && readyAfterMs > 0 && !wasReady)
      this.#after(pod, `${name} ready`, readyAfterMs, (now) => setReady(now, true));
    if (endsAfterMs === undefined) return;
    this.#after(pod, name, endsAfterMs, (now) => {
      const fatal = unhealthy.find(({ probe }) => probe !== 'Readiness');
      if (fatal)
        this.#tell(now, 'Killing', `Container ${name} failed ${fatal.probe.toLowerCase()} probe, will be restarted`);
      this.#ended(now, one, exitCode);
    });
  }

  #runProgram(pod: Obj, program: Program, one: Runnable): void {
    const addressed = this.#withAddress(pod);
    if (!addressed) return;
    const uid = addressed.metadata.uid!;
    this.logs.begin(uid);
    const run = program.start(addressed, (line) => this.logs.write(uid, line));
    if (run.kind === 'no image')
      return this.#waitForImage(addressed, { reason: 'ImagePullBackOff', message: run.message }, one);
    const ready = run.kind === 'serves';
    this.report(addressed, one.names, () => ({ state: { running: { startedAt: this.#now() } }, ready }));
    if (run.kind === 'ends')
      this.#after(addressed, one.names.join(' '), run.afterMs, (current) => this.#ended(current, one, run.end()));
  }

  #ended(pod: Obj, one: Runnable, exitCode: number): void {
    const finished = (name: string) => {
      const startedAt = statusOf(pod, name)?.state.running?.startedAt;
      const reason = exitCode === 0 ? 'Completed' : 'Error';
      return { exitCode, reason, ...(startedAt === undefined ? {} : { startedAt }), finishedAt: this.#now() };
    };
    const role = roleOf(pod, { name: one.names[0]! });
    if (isOver(pod, role, exitCode)) {
      this.report(pod, one.names, (name) => ({
        state: { terminated: finished(name) },
        ready: role === 'init' && exitCode === 0,
      }));
      const current = this.current(pod);
      if (role === 'init' && exitCode === 0 && current) this.next(current);
      return;
    }
    const container = one.names.join(' ');
    const where = `${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid!})`;
    const message = `back-off ${shownWait(backOffMs(pod, one))} restarting failed container=${container} pod=${where}`;
    this.report(pod, one.names, (name) => ({
      state: { waiting: { reason: 'CrashLoopBackOff', message } },
      lastState: { terminated: finished(name) },
    }));
    this.#warn(pod, 'BackOff', `Back-off restarting failed container ${container} in pod ${where}`);
    const current = this.current(pod);
    if (current) this.restartLater(current, one);
  }

  /** A pod gets its address before its first container is started. */
  #withAddress(pod: Obj): Obj | undefined {
    if (pod.status?.['podIP'] === undefined) {
      const podIP = this.#freeAddress();
      this.cluster.change(pod, (object) => void (object.status = { ...object.status, podIP, podIPs: [{ ip: podIP }] }));
    }
    return this.current(pod);
  }

  #podNumber = 2;

  #freeAddress(): string {
    const used = new Set(this.cluster.store.peek(this.cluster.pods).map(({ status }) => status?.['podIP']));
    for (;;) {
      this.#podNumber += 1;
      const address = `10.42.${Math.floor(this.#podNumber / 250) % 250}.${(this.#podNumber % 250) + 2}`;
      if (!used.has(address)) return address;
    }
  }

  #warn(pod: Obj, reason: string, message: string): void {
    recordEvent(this.cluster, pod, { type: 'Warning', reason, message, component: 'kubelet' });
  }

  #tell(pod: Obj, reason: string, message: string): void {
    recordEvent(this.cluster, pod, { type: 'Normal', reason, message, component: 'kubelet' });
  }

  #now(): string {
    return this.cluster.store.stamp();
  }
}

const backOffMs = (pod: Obj, { names }: Runnable): number =>
  Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(statusOf(pod, names[0]!)?.restartCount ?? 0, 6));

/** `1m20s`, as Go writes it. */
function shownWait(ms: number): string {
  const seconds = ms / 1000;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

function roleOf(pod: Obj, { name }: { readonly name: string }): Role {
  const init = initContainers(pod).find((one) => one.name === name);
  if (!init) return 'main';
  return init.restartPolicy === 'Always' ? 'sidecar' : 'init';
}

/** Whether a container that ended is not started again. */
function isOver(pod: Obj, role: Role, exitCode: number): boolean {
  const policy = (pod.spec?.['restartPolicy'] as string | undefined) ?? 'Always';
  if (role === 'sidecar') return false;
  if (exitCode === 0 && role === 'init') return true;
  return policy === 'Never' || (policy === 'OnFailure' && exitCode === 0);
}
