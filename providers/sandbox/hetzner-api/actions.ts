import { conflict, locked } from './errors.js';
import type { Effect } from './effects.js';

/** What an action is about, as the API names it. */
export interface ResourceRef {
  readonly type: string;
  readonly id: number;
}

export interface ActionProblem {
  readonly code: string;
  readonly message: string;
}

/** An action as it is kept: plain JSON, so that one that runs can go on after a restart. */
export interface ActionRecord {
  readonly id: number;
  readonly command: string;
  status: 'running' | 'success' | 'error';
  readonly started: string;
  finished: string | null;
  readonly resources: readonly ResourceRef[];
  error: ActionProblem | null;
  /** What nobody else may change meanwhile: a server answers `locked`, a network `conflict`. */
  readonly locks: readonly ResourceRef[];
  /** Milliseconds of a real cloud. */
  readonly ms: number;
  /** Actions that must succeed before this one begins. */
  readonly after: readonly number[];
  readonly effect: Effect | null;
  /** When it began and when it will end, in milliseconds since 1970; null while it waits for others. */
  begunAt: number | null;
  dueAt: number | null;
  /** Work of the cloud's own, shown to nobody. */
  readonly hidden: boolean;
}

export interface ActionOrder {
  readonly command: string;
  /** The first is the one whose state the action changes. */
  readonly resources: readonly ResourceRef[];
  /** All resources unless said otherwise. */
  readonly locks?: readonly ResourceRef[];
  readonly ms: number;
  readonly after?: readonly number[];
  readonly effect?: Effect;
  readonly hidden?: boolean;
}

export interface ActionsPort {
  now(): number;
  timeScale(): number;
  /** Scaled, as the clock's. */
  after(ms: number, work: () => void): () => void;
  newId(): number;
  /** A problem makes the action end in error. */
  apply(phase: 'begin' | 'end', effect: Effect, action: ActionRecord): ActionProblem | undefined;
}

/** How many finished actions are remembered. */
const memory = 5_000;

const same = (a: ResourceRef, b: ResourceRef): boolean => a.type === b.type && a.id === b.id;

/** The cloud's long-running operations: they begin, take their time, and change something when they end. */
export class Actions {
  readonly #port: ActionsPort;
  readonly #records = new Map<number, ActionRecord>();
  readonly #timers = new Map<number, () => void>();

  constructor(port: ActionsPort) {
    this.#port = port;
  }

  start(order: ActionOrder): ActionRecord {
    const record = this.#record(order);
    this.#advance(record);
    return record;
  }

  /** An operation that was done at once. */
  done(command: string, resources: readonly ResourceRef[]): ActionRecord {
    const record = this.#record({ command, resources, ms: 0 });
    this.#end(record, undefined);
    return record;
  }

  find(id: number): ActionRecord | undefined {
    const record = this.#records.get(id);
    return record?.hidden ? undefined : record;
  }

  list(): ActionRecord[] {
    return [...this.#records.values()].filter((record) => !record.hidden);
  }

  about(ref: ResourceRef): ActionRecord[] {
    return this.list().filter((record) => record.resources.some((one) => same(one, ref)));
  }

  isLocked(ref: ResourceRef): boolean {
    return this.#running().some((record) => record.locks.some((one) => same(one, ref)));
  }

  /** @throws ApiError locked */
  assertUnlocked(ref: ResourceRef): void {
    if (this.isLocked(ref)) throw locked(ref.type.replaceAll('_', ' '));
  }

  /** Networks refuse with `conflict`, and only for changes that have begun. @throws ApiError conflict */
  assertNoChange(ref: ResourceRef): void {
    const changing = this.#running().some(
      (record) => record.begunAt !== null && record.locks.some((one) => same(one, ref)),
    );
    if (changing) throw conflict(`${ref.type} is being changed, please retry`);
  }

  snapshot(): ActionRecord[] {
    return structuredClone([...this.#records.values()]);
  }

  /** What ran goes on: it ends when it would have ended, or at once if that time has passed. */
  restore(records: readonly ActionRecord[]): void {
    this.stop();
    this.#records.clear();
    for (const record of structuredClone(records)) this.#records.set(record.id, record);
    for (const record of this.#running()) if (record.dueAt !== null) this.#schedule(record);
  }

  /** Cancels every timer; nothing ends any more. */
  stop(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  /** Per cent, by the time gone. */
  progress(record: ActionRecord): number {
    if (record.status !== 'running') return 100;
    if (record.begunAt === null || record.dueAt === null || record.dueAt <= record.begunAt) return 0;
    const share = (this.#port.now() - record.begunAt) / (record.dueAt - record.begunAt);
    return Math.max(0, Math.min(99, Math.floor(share * 100)));
  }

  render(record: ActionRecord): object {
    const { id, command, status, started, finished, resources, error } = record;
    return { id, command, status, progress: this.progress(record), started, finished, resources, error };
  }

  #record(order: ActionOrder): ActionRecord {
    const record: ActionRecord = {
      id: this.#port.newId(),
      command: order.command,
      status: 'running',
      started: this.#isoNow(),
      finished: null,
      resources: order.resources,
      error: null,
      locks: order.locks ?? order.resources,
      ms: order.ms,
      after: order.after ?? [],
      effect: order.effect ?? null,
      begunAt: null,
      dueAt: null,
      hidden: order.hidden ?? false,
    };
    this.#records.set(record.id, record);
    this.#forget();
    return record;
  }

  /** Begins what no longer waits, and fails what waits for something that failed. */
  #advance(record: ActionRecord): void {
    const before = record.after.map((id) => this.#records.get(id)?.status ?? 'success');
    if (before.includes('error')) {
      this.#end(record, { code: 'action_failed', message: 'a preceding action failed' });
      return;
    }
    if (before.includes('running')) return;
    const now = this.#port.now();
    record.begunAt = now;
    record.dueAt = now + record.ms * this.#port.timeScale();
    const problem = record.effect ? this.#port.apply('begin', record.effect, record) : undefined;
    if (problem) this.#end(record, problem);
    else this.#schedule(record);
  }

  #schedule(record: ActionRecord): void {
    const scale = this.#port.timeScale();
    // Never more than the whole of it: after a restart the computer's clock may have been set back.
    const left = Math.min(record.ms * scale, Math.max(0, (record.dueAt ?? 0) - this.#port.now()));
    const cancel = this.#port.after(scale === 0 ? 0 : left / scale, () => {
      this.#timers.delete(record.id);
      this.#end(record, record.effect ? this.#port.apply('end', record.effect, record) : undefined);
    });
    this.#timers.set(record.id, cancel);
  }

  #end(record: ActionRecord, problem: ActionProblem | undefined): void {
    record.status = problem ? 'error' : 'success';
    record.error = problem ?? null;
    record.finished = this.#isoNow();
    for (const waiting of this.#running()) {
      if (waiting.begunAt === null && waiting.after.includes(record.id)) this.#advance(waiting);
    }
  }

  #running(): ActionRecord[] {
    return [...this.#records.values()].filter((record) => record.status === 'running');
  }

  #forget(): void {
    for (const record of this.#records.values()) {
      if (this.#records.size <= memory) return;
      if (record.status !== 'running') this.#records.delete(record.id);
    }
  }

  #isoNow(): string {
    return new Date(this.#port.now()).toISOString();
  }
}
