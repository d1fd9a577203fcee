import { printable } from '../domain/printable.js';
import { count } from '../domain/words.js';
import type { ReportEvent, StepInfo } from '../reporting/index.js';
import { duration } from './text.js';

/** One line per thing that happened, with the time since the start: for CI and files. */
export class PlainLines {
  readonly #steps = new Map<string, StepInfo>();
  #started = 0;

  constructor(private readonly write: (line: string) => void) {}

  emit(event: ReportEvent): void {
    switch (event.type) {
      case 'operation-started':
        this.#started = event.at;
        for (const step of event.steps) this.#steps.set(step.id, step);
        return this.write(`${event.operation} ${event.cluster}: ${count(event.steps.length, 'step')}`);
      case 'step-started':
        return this.step(event.id, event.at, (step) => `${step.text} …`);
      case 'step-progress':
        return undefined;
      case 'step-done':
        return this.step(event.id, event.at, (step) => `done: ${step.text} (${duration(event.ms)})`);
      case 'step-failed':
        return this.step(
          event.id,
          event.at,
          (step) => `FAILED: ${step.text} (${duration(event.ms)}): ${printable(event.error.message)}`,
        );
      case 'step-skipped':
        return this.step(event.id, event.at, (step) => `skipped: ${step.text}, because ${event.because}`);
      case 'note':
        return this.write(`${event.level === 'warning' ? 'Warning: ' : ''}${event.text}`);
      case 'looking':
        return this.write(`${event.text} …`);
      case 'interrupting':
        return this.write('Interrupted: starting nothing new, ending what runs. Once more leaves at once.');
      case 'operation-finished':
        return this.write(`${event.outcome} after ${duration(event.ms)}`);
    }
  }

  private step(id: string, at: number, say: (step: StepInfo) => string): void {
    const step = this.#steps.get(id);
    if (!step) return;
    const since = `+${((at - this.#started) / 1000).toFixed(1)}s`.padStart(8);
    this.write(`${since}  ${step.target}  ${say(step)}`);
  }
}
