import type { WireTask } from './task-text.js';
import { FsError } from './file-system.js';
import type { Machine } from './machine.js';
import { PowerLost } from './machine-timers.js';

/** Ends a task as `fail CODE MESSAGE` of the scripts does. */
export class TaskFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'TaskFailure';
  }
}

/** What a task's body works with. */
export interface TaskContext {
  readonly machine: Machine;
  /** Parameters; one that was not sent is empty. */
  readonly param: (name: string) => string;
  /** @throws TaskFailure BAD_PARAMETER when it is empty */
  readonly need: (name: string) => string;
  /** Progress for people. */
  readonly say: (text: string) => void;
  readonly fact: (key: string, value: string | number | boolean) => void;
  /** A line on standard error. */
  readonly complain: (text: string) => void;
  /** Waits on the machine, and steps aside when another task asks for it. @throws TaskFailure STEPPED_ASIDE */
  readonly until: <T>(found: () => T | undefined, ms: number) => Promise<T | undefined>;
  /** Milliseconds of the task's deadline. */
  readonly deadlineMs: number;
}

export type TaskBody = (context: TaskContext) => Promise<void>;

/** Where a session wants a task's output; `end` is the last word. */
export interface TaskSink {
  out(text: string): void;
  err(text: string): void;
  end(): void;
}

interface Run {
  readonly task: WireTask;
  readonly startedAt: string;
  readonly attempts: string[];
  readonly sinks: Set<TaskSink>;
  /** The task that asks this one to end if it only waits. */
  aside: string | undefined;
  out: string;
  err: string;
  exit: number | undefined;
}

export interface TasksSnapshot {
  readonly running:
    { readonly task: WireTask; readonly attempts: readonly string[]; readonly startedAt: string } | undefined;
  readonly ended: readonly {
    readonly id: string;
    readonly attempts: readonly string[];
    readonly out: string;
    readonly err: string;
    readonly exit: number;
  }[];
}

const keptResults = 4;
/** Tasks that make it pointless to wait for k3s to start, as in lib/runner.sh. */
const asks: ReadonlySet<string> = new Set(['release-host', 'stop-k3s', 'start-k3s']);

/**
 * lib/runner.sh of one machine: tasks run one at a time, outlive the session that asked, are attached to by the same
 * id, and an attempt that has ended gets its stored result.
 */
export class TaskRunner {
  #running: Run | undefined;
  /** Ended runs, oldest first. */
  #ended: Run[] = [];
  readonly #waiting: { readonly task: WireTask; readonly sink: TaskSink; dead: boolean }[] = [];

  /**
   * @param bodies by task name
   * @param began told when a task starts or is attached to, for faults
   */
  constructor(
    private readonly machine: Machine,
    private readonly bodies: ReadonlyMap<string, TaskBody>,
    private readonly began: (task: string) => void,
  ) {
    machine.onDown(() => this.#lost());
  }

  /** @returns ends the interest of this session; the task goes on. */
  run(task: WireTask, sink: TaskSink): () => void {
    const stored = this.#ended.find((run) => run.task.id === task.id && run.attempts.includes(task.attempt));
    if (stored) {
      replay(stored, sink);
      return () => {};
    }
    const running = this.#running;
    if (!running) return this.#start(task, sink);
    if (running.task.id === task.id) {
      running.attempts.push(task.attempt);
      sink.out(`# ${task.name} already runs here since ${running.startedAt}; following it\n`);
      return this.#follow(running, sink);
    }
    sink.out(`# waiting for ${holderOf(running)}\n`);
    const entry = { task, sink, dead: false };
    this.#waiting.push(entry);
    if (asks.has(task.name)) {
      running.aside = task.name;
      this.machine.changed();
    }
    const late = this.machine.after(this.machine.patience(task.deadlineSeconds * 1000), () => {
      if (entry.dead || !this.#waiting.includes(entry)) return;
      entry.dead = true;
      const holder = this.#running === undefined ? 'another task' : holderOf(this.#running);
      sink.out(`\nerror_code=HOST_BUSY\nerror=gave up waiting for ${holder}\nslipway-exit=124\n`);
      sink.end();
    });
    return () => {
      late();
      entry.dead = true;
      this.#running?.sinks.delete(sink);
    };
  }

  snapshot(): TasksSnapshot {
    const running = this.#running;
    return {
      running: running && { task: running.task, attempts: running.attempts, startedAt: running.startedAt },
      ended: this.#ended.map(({ task, attempts, out, err, exit }) => ({
        id: task.id,
        attempts,
        out,
        err,
        exit: exit ?? 1,
      })),
    };
  }

  /** A task that ran when the sandbox was stopped begins again, for the attempts that were promised its result. */
  restore(state: TasksSnapshot): void {
    this.#ended = state.ended.map((run) => ({
      ...run,
      task: { name: '', id: run.id, attempt: '', deadlineSeconds: 0, params: {}, script: '' },
      attempts: [...run.attempts],
      startedAt: '',
      sinks: new Set(),
      aside: undefined,
    }));
    if (!state.running || this.machine.power !== 'running') return;
    const { task, attempts, startedAt } = state.running;
    this.#execute({
      task,
      attempts: [...attempts],
      startedAt,
      sinks: new Set(),
      aside: undefined,
      out: '',
      err: '',
      exit: undefined,
    });
  }

  #start(task: WireTask, sink: TaskSink): () => void {
    const startedAt = new Date(this.machine.context.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const run: Run = {
      task,
      attempts: [task.attempt],
      startedAt,
      sinks: new Set(),
      aside: undefined,
      out: '',
      err: '',
      exit: undefined,
    };
    this.#ended = this.#ended.filter((old) => old.task.id !== task.id);
    const leave = this.#follow(run, sink);
    this.#execute(run);
    return leave;
  }

  #follow(run: Run, sink: TaskSink): () => void {
    if (run.out !== '') sink.out(run.out);
    if (run.err !== '') sink.err(run.err);
    run.sinks.add(sink);
    if (this.#running === run) this.began(run.task.name);
    return () => run.sinks.delete(sink);
  }

  #execute(run: Run): void {
    this.#running = run;
    this.machine.changed();
    this.began(run.task.name);
    const cancel = this.machine.after(this.machine.patience(run.task.deadlineSeconds * 1000), () =>
      this.#finish(run, 124),
    );
    const body = this.bodies.get(run.task.name);
    const work = body ? body(this.#context(run)) : Promise.reject(new TaskFailure('UNKNOWN_TASK', run.task.name));
    work
      .then(
        () => this.#finish(run, 0),
        (error: unknown) => {
          if (!(error instanceof PowerLost)) this.#fail(run, error);
        },
      )
      .finally(cancel);
  }

  #context(run: Run): TaskContext {
    const { machine } = this;
    const param = (name: string): string => run.task.params[name] ?? '';
    const line = (text: string): string => text.replaceAll('\n', ' ');
    return {
      machine,
      param,
      need: (name) => {
        if (param(name) === '') throw new TaskFailure('BAD_PARAMETER', `parameter ${name} is missing`);
        return param(name);
      },
      say: (text) => this.#out(run, `# ${line(text)}\n`),
      fact: (key, value) => this.#out(run, `${key}=${line(String(value))}\n`),
      complain: (text) => {
        run.err += `${text}\n`;
        for (const sink of run.sinks) sink.err(`${text}\n`);
      },
      until: async (found, ms) =>
        machine.until(() => {
          const value = found();
          if (value === undefined && run.aside !== undefined) throw steppedAside(run.aside);
          return value;
        }, ms),
      deadlineMs: run.task.deadlineSeconds * 1000,
    };
  }

  #out(run: Run, text: string): void {
    if (run.exit !== undefined) return;
    run.out += text;
    for (const sink of run.sinks) sink.out(text);
  }

  #fail(run: Run, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof TaskFailure) && !(error instanceof FsError)) {
      // Ours, not the machine's: what a shell says of a broken script.
      this.#context(run).complain(`sh: 1: ${message}`);
      this.#finish(run, 2);
      return;
    }
    const full = error.code === 'ENOSPC';
    const code = error instanceof TaskFailure ? error.code : full ? 'DISK_FULL' : 'WRITE_FAILED';
    this.#out(run, `error_code=${code}\nerror=${message.replaceAll('\n', ' ')}\n`);
    this.#finish(run, 10);
  }

  #finish(run: Run, exit: number): void {
    if (this.#running !== run) return;
    run.exit = exit;
    this.#running = undefined;
    this.#ended = [...this.#ended.filter((old) => old.task.id !== run.task.id), run].slice(-keptResults);
    for (const sink of run.sinks) {
      sink.out(`\nslipway-exit=${exit}\n`);
      sink.end();
    }
    run.sinks.clear();
    this.machine.changed();
    this.#next();
  }

  #next(): void {
    while (!this.#running) {
      const entry = this.#waiting.shift();
      if (!entry) return;
      const { task, sink, dead } = entry;
      if (!dead) this.#start(task, sink);
    }
    const running = this.#running;
    // Those that asked for the very task that has just begun follow it; the rest goes on waiting.
    for (const entry of running ? [...this.#waiting] : []) {
      if (entry.dead || entry.task.id !== running?.task.id) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      running.attempts.push(entry.task.attempt);
      this.#follow(running, entry.sink);
    }
  }

  /** The power went: /run is gone with all that was stored there. */
  #lost(): void {
    this.#running = undefined;
    this.#ended = [];
    this.#waiting.length = 0;
  }
}

function replay(run: Run, sink: TaskSink): void {
  if (run.err !== '') sink.err(run.err);
  sink.out(`${run.out}\nslipway-exit=${run.exit ?? 1}\n`);
  sink.end();
}

const steppedAside = (by: string): TaskFailure =>
  new TaskFailure('STEPPED_ASIDE', `${by} was asked for on this machine, and took the place of this task`);

const holderOf = (run: Run): string => `${run.task.name}, which runs here since ${run.startedAt}`;
