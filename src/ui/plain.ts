import type { Clock } from '../domain/clock.js';
import { printable } from '../domain/printable.js';
import { count } from '../domain/words.js';
import type { ReportEvent, StepInfo } from '../reporting/index.js';
import { duration } from './text.js';

/** Milliseconds between two lines about one step that is at work. */
const progressEveryMs = 30_000;

interface AtWork {
  readonly startedAt: number;
  /** When a line about it is due. */
  nextAt: number;
  /** What it was last seen doing; undefined: it has not said. */
  text: string | undefined;
}

/** One line per thing that happened, with the time since the start, and of long steps what they wait for: for CI and files. */
export class PlainLines {
  readonly #steps = new Map<string, StepInfo>();
  readonly #atWork = new Map<string, AtWork>();
  readonly #closed = new AbortController();
  #started = 0;

  constructor(
    private readonly write: (line: string) => void,
    private readonly clock: Clock,
  ) {}

  emit(event: ReportEvent): void {
    switch (event.type) {
      case 'operation-started':
        this.#started = event.at;
        for (const step of event.steps) this.#steps.set(step.id, step);
        this.write(`${event.operation} ${event.cluster}: ${count(event.steps.length, 'step')}`);
        return void this.follow();
      case 'step-started':
        return this.begin(event.id, event.at);
      case 'step-progress':
        return this.progress(event.id, event.text);
      case 'step-done':
        return this.end(event, (step) => `done: ${step.text} (${duration(event.ms)})`);
      case 'step-failed':
        return this.end(
          event,
          (step) => `FAILED: ${step.text} (${duration(event.ms)}): ${printable(event.error.message)}`,
        );
      case 'step-interrupted':
        return this.end(event, (step) => `interrupted: ${step.text} (${duration(event.ms)})`);
      case 'step-skipped':
        return this.end(event, (step) => `skipped: ${step.text}, because ${event.because}`);
      case 'note':
        return this.write(`${event.level === 'warning' ? 'Warning: ' : ''}${event.text}`);
      case 'looking':
        return this.write(`${event.text} …`);
      case 'interrupting':
        return this.write('Interrupted: starting nothing new, ending what runs. Ctrl-C once more leaves at once.');
      case 'operation-finished':
        this.close();
        return this.write(`${event.outcome} after ${duration(event.ms)}`);
    }
  }

  close(): void {
    this.#atWork.clear();
    this.#closed.abort();
  }

  private begin(id: string, at: number): void {
    const now = this.clock.monotonic();
    this.#atWork.set(id, { startedAt: now, nextAt: now + progressEveryMs, text: undefined });
    this.step(id, at, (step) => `${step.text} …`);
  }

  private progress(id: string, text: string): void {
    const work = this.#atWork.get(id);
    if (work) work.text = text;
  }

  private end({ id, at }: { readonly id: string; readonly at: number }, say: (step: StepInfo) => string): void {
    this.#atWork.delete(id);
    this.step(id, at, say);
  }

  /** Says what steps wait for as long as they are at work: a log in which nothing moves looks like a program that hangs. */
  private async follow(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      // A step that starts meanwhile is due no sooner than this ends.
      const pause = Math.min(
        progressEveryMs,
        ...[...this.#atWork.values()].map(({ nextAt }) => nextAt - this.clock.monotonic()),
      );
      await this.clock.sleep(Math.max(1, pause), signal).catch(() => undefined);
      const now = this.clock.monotonic();
      for (const [id, work] of this.#atWork) {
        if (work.nextAt > now) continue;
        work.nextAt = now + progressEveryMs;
        this.step(id, this.clock.now(), (step) => `… ${work.text ?? step.text} (${duration(now - work.startedAt)})`);
      }
    }
  }

  private step(id: string, at: number, say: (step: StepInfo) => string): void {
    const step = this.#steps.get(id);
    if (!step) return;
    const since = `+${((at - this.#started) / 1000).toFixed(1)}s`.padStart(8);
    this.write(`${since}  ${step.target}  ${say(step)}`);
  }
}
