import type { Clock } from '../domain/clock.js';
import { printable } from '../domain/printable.js';
import type { ReportEvent, StepInfo } from '../reporting/index.js';
import { PassThrough } from 'node:stream';

import type { ListrRenderer, ListrTaskWrapper } from 'listr2';
import { duration } from './text.js';

/** How many machines at work are named in a group; the rest is a count, so that 300 stay readable. */
const namedAtWork = 3;
const redrawMs = 150;
const interruptedText = 'Interrupted: ending what runs. Ctrl-C once more leaves at once.';

type AnyTask = ListrTaskWrapper<unknown, typeof ListrRenderer, typeof ListrRenderer>;

interface Group {
  readonly title: string;
  readonly total: number;
  done: number;
  failed: number;
  interrupted: number;
  skipped: number;
  startedAt: number | undefined;
  endedAt: number | undefined;
  /** Steps at work, oldest first. */
  readonly atWork: Map<string, { readonly step: StepInfo; readonly since: number; text: string }>;
  finish?: () => void;
  task?: { title: string; output: string };
}

const hasEnded = ({ done, failed, interrupted, skipped, total }: Group): boolean =>
  done + failed + interrupted + skipped === total;

/** Progress for a terminal: one line per phase with counts and time, and under it what is at work, longest first. */
export class PrettyProgress {
  readonly #groups = new Map<string, Group>();
  readonly #steps = new Map<string, StepInfo>();
  #drawing: Promise<unknown> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #before: string[] = [];
  #stopped = false;
  #interrupted = false;

  constructor(
    private readonly stderr: NodeJS.WriteStream,
    private readonly clock: Clock,
  ) {}

  emit(event: ReportEvent): void {
    switch (event.type) {
      case 'operation-started':
        return this.begin(event.steps);
      case 'step-started':
        return this.start(event.id, event.at);
      case 'step-progress':
        return this.progress(event.id, event.text);
      case 'step-done':
        if (event.text !== undefined) this.line(`${this.#steps.get(event.id)?.target ?? event.id}: ${event.text}`);
        return this.end(event.id, event.at, 'done');
      case 'step-failed':
        this.#before.push(`✖ ${this.#steps.get(event.id)?.target ?? event.id}: ${printable(event.error.message)}`);
        return this.end(event.id, event.at, 'failed');
      case 'step-interrupted':
        return this.end(event.id, event.at, 'interrupted');
      case 'step-skipped':
        return this.end(event.id, event.at, 'skipped');
      case 'step-put-back':
        return this.line(`↩ ${this.#steps.get(event.id)?.target ?? event.id}: put back`);
      case 'note':
      case 'looking':
        return this.line(`${event.type === 'note' && event.level === 'warning' ? 'Warning: ' : ''}${event.text}`);
      case 'interrupting':
        return this.interrupt();
      case 'operation-finished':
        return this.stop();
    }
  }

  async close(): Promise<void> {
    this.stop();
    await this.#drawing;
    for (const line of this.#before) this.stderr.write(`${line}\n`);
    this.#before = [];
  }

  /** Beside a drawing there is no place for a line; it comes after it. */
  private line(text: string): void {
    if (this.#drawing) this.#before.push(text);
    else this.stderr.write(`${text}\n`);
  }

  private begin(steps: readonly StepInfo[]): void {
    const before = this.#drawing;
    // An operation may run more than once; each run has a drawing of its own, below the one before.
    this.#groups.clear();
    this.#steps.clear();
    this.#stopped = false;
    for (const step of steps) {
      this.#steps.set(step.id, step);
      if (!this.#groups.has(step.phase)) {
        const total = steps.filter((other) => other.phase === step.phase).length;
        this.#groups.set(step.phase, {
          title: step.phase,
          total,
          done: 0,
          failed: 0,
          interrupted: 0,
          skipped: 0,
          startedAt: undefined,
          endedAt: undefined,
          atWork: new Map(),
        });
      }
    }
    const groups = [...this.#groups.values()];
    this.#drawing = before ? before.then(() => this.draw(groups)) : this.draw(groups);
    this.#timer = setInterval(() => this.redraw(), redrawMs);
    this.#timer.unref();
  }

  private async draw(groups: readonly Group[]): Promise<void> {
    const { DefaultRenderer, Listr: ListrClass, ListrLogger, ProcessOutput } = await import('listr2');
    // Progress belongs to stderr: stdout is for results and may be a file.
    class OnStderr extends DefaultRenderer {
      static override nonTTY = true;
    }
    const nowhere = new PassThrough() as unknown as NodeJS.WriteStream;
    const processOutput = new ProcessOutput(this.stderr, nowhere, { dump: [] });
    const list = new ListrClass(
      groups.map((group) => ({
        title: this.title(group),
        task: (_: unknown, task: AnyTask) =>
          new Promise<void>((resolve, reject) => {
            group.task = task;
            group.finish = () => {
              if (group.failed > 0) return reject(new Error(this.title(group)));
              // What was stopped, or never begun, has not failed.
              if (group.done < group.total) task.skip(this.title(group));
              resolve();
            };
            // Loading the drawing takes a moment, in which a short run may end.
            if (hasEnded(group) || this.#hasStopped(groups)) group.finish();
          }),
      })),
      {
        concurrent: true,
        exitOnError: false,
        registerSignalListeners: false,
        renderer: OnStderr,
        rendererOptions: {
          collapseErrors: true,
          showErrorMessage: false,
          formatOutput: 'truncate',
          logger: new ListrLogger({ processOutput }),
        },
        fallbackRendererCondition: false,
      },
    );
    await list.run().catch(() => undefined);
  }

  private start(id: string, at: number): void {
    const step = this.#steps.get(id);
    const group = step && this.#groups.get(step.phase);
    if (!group) return;
    group.startedAt ??= at;
    group.atWork.set(id, { step, since: at, text: step.text });
  }

  private progress(id: string, text: string): void {
    const step = this.#steps.get(id);
    const work = step && this.#groups.get(step.phase)?.atWork.get(id);
    if (work) work.text = text;
  }

  private end(id: string, at: number, how: 'done' | 'failed' | 'interrupted' | 'skipped'): void {
    const step = this.#steps.get(id);
    const group = step && this.#groups.get(step.phase);
    if (!group) return;
    group.atWork.delete(id);
    group[how] += 1;
    if (!hasEnded(group)) return;
    group.endedAt = at;
    this.settle(group);
  }

  /** Said where the eyes are, at once: under each phase that is at work; else as a line. */
  private interrupt(): void {
    this.#interrupted = true;
    if (!this.#drawing || this.#stopped) return this.line(interruptedText);
    this.redraw();
  }

  /** Whether the run that these are of is over. */
  #hasStopped = (groups: readonly Group[]): boolean =>
    this.#stopped || !groups.every((group) => this.#groups.get(group.title) === group);

  private redraw(): void {
    for (const group of this.#groups.values()) this.paint(group);
  }

  private paint(group: Group): void {
    if (!group.task) return;
    group.task.title = this.title(group);
    const work = [...group.atWork.values()];
    const lines = work
      .slice(0, namedAtWork)
      .map(({ step, since, text }) => `${step.target}: ${text} (${duration(this.clock.now() - since)})`);
    if (this.#interrupted) lines.unshift(interruptedText);
    if (work.length > namedAtWork) lines.push(`and ${work.length - namedAtWork} more at work`);
    if (work.length > 0) group.task.output = lines.join('\n');
  }

  private title({ title, total, done, failed, interrupted, skipped, startedAt, endedAt }: Group): string {
    const time = startedAt === undefined ? '' : `  ${duration((endedAt ?? this.clock.now()) - startedAt)}`;
    const bad = `${failed > 0 ? `, ${failed} failed` : ''}${interrupted > 0 ? `, ${interrupted} interrupted` : ''}${skipped > 0 ? `, ${skipped} not begun` : ''}`;
    return `${title}  ${done}/${total}${bad}${time}`;
  }

  /** The last word on a group: painting it after the list has ended would draw the list once more. */
  private settle(group: Group): void {
    this.paint(group);
    delete group.task;
    group.finish?.();
    delete group.finish;
  }

  private stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const group of this.#groups.values()) {
      this.settle(group);
    }
  }
}
