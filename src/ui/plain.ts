import type { Clock } from '../domain/clock.js';
import { printable } from '../domain/printable.js';
import { plural } from '../domain/plural.js';
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

/** One line per thing that happened, with the time since the start, and of what takes long how it goes: for CI and files. */
export class PlainLines {
  readonly #steps = new Map<string, StepInfo>();
  readonly #atWork = new Map<string, AtWork>();
  /** What is looked at before there are steps, or after. */
  #looking: AtWork | undefined;
  #following: AbortController | undefined;
  #started = 0;

  constructor(
    private readonly write: (line: string) => void,
    private readonly clock: Clock,
  ) {}

  emit(event: ReportEvent): void {
    switch (event.type) {
      case 'operation-started':
        this.#started = event.at;
        this.#looking = undefined;
        for (const step of event.steps) this.#steps.set(step.id, step);
        this.write(`${event.operation} ${event.cluster}: ${plural(event.steps.length, 'step')}`);
        return this.follow();
      case 'step-started':
        return this.begin(event.id, event.at);
      case 'step-progress':
        return this.progress(event.id, event.text);
      case 'step-done':
        return this.end(event, (step) => `done: ${event.text ?? step.text} (${duration(event.ms)})`);
      case 'step-failed':
        return this.end(
          event,
          (step) => `FAILED: ${step.text} (${duration(event.ms)}): ${printable(event.error.message)}`,
        );
      case 'step-interrupted':
        return this.end(event, (step) => `interrupted: ${step.text} (${duration(event.ms)})`);
      case 'step-skipped':
        return this.end(event, (step) => `skipped: ${step.text}, because ${event.because}`);
      case 'step-put-back':
        return this.step(event.id, event.at, (step) => `put back: ${step.text} (${duration(event.ms)})`);
      case 'note':
        return this.write(`${event.level === 'warning' ? 'Warning: ' : ''}${event.text}`);
      case 'looking':
        this.#looking = this.begun(event.text);
        this.write(`${event.text} …`);
        return this.follow();
      case 'interrupting':
        return this.write('Interrupted: starting nothing new, ending what runs. Ctrl-C once more leaves at once.');
      case 'operation-finished':
        this.close();
        return this.write(`${event.outcome} after ${duration(event.ms)}`);
    }
  }

  /** Somebody is asked: how long they think about it is theirs. */
  asked(): void {
    this.#looking = undefined;
  }

  close(): void {
    this.#atWork.clear();
    this.#looking = undefined;
    this.#following?.abort();
    this.#following = undefined;
  }

  private begun(text?: string): AtWork {
    const now = this.clock.monotonic();
    return { startedAt: now, nextAt: now + progressEveryMs, text };
  }

  private begin(id: string, at: number): void {
    this.#atWork.set(id, this.begun());
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

  /** Says how it goes as long as something is at work: a log in which nothing moves looks like a program that hangs. */
  private follow(): void {
    if (this.#following) return;
    this.#following = new AbortController();
    void this.tell(this.#following.signal);
  }

  private async tell(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const all = [...this.#atWork.values(), ...(this.#looking ? [this.#looking] : [])];
      // What starts meanwhile is due no sooner than this ends.
      const pause = Math.min(progressEveryMs, ...all.map(({ nextAt }) => nextAt - this.clock.monotonic()));
      await this.clock.sleep(Math.max(1, pause), signal).catch(() => undefined);
      if (signal.aborted) return;
      const now = this.clock.monotonic();
      const isDue = (work: AtWork): boolean => {
        if (work.nextAt > now) return false;
        work.nextAt = now + progressEveryMs;
        return true;
      };
      const took = ({ startedAt }: AtWork): string => `(${duration(now - startedAt)})`;
      for (const [id, work] of this.#atWork)
        if (isDue(work)) this.step(id, this.clock.now(), (step) => `… ${work.text ?? step.text} ${took(work)}`);
      if (this.#looking && isDue(this.#looking)) this.write(`… ${this.#looking.text} ${took(this.#looking)}`);
    }
  }

  private step(id: string, at: number, say: (step: StepInfo) => string): void {
    const step = this.#steps.get(id);
    if (!step) return;
    const since = `+${((at - this.#started) / 1000).toFixed(1)}s`.padStart(8);
    this.write(`${since}  ${step.target}  ${say(step)}`);
  }
}
