import { printable, printableJson, printableLines } from '../domain/printable.js';
import type { Clock } from '../domain/clock.js';
import type { ReportEvent, Reporter } from '../reporting/index.js';
import { colorTrouble, takesColor } from './color.js';
import { printableStep } from './plan.js';
import { PlainLines } from './plain.js';
import { PrettyProgress } from './pretty.js';
import { choose, confirm, type Asking } from './prompt.js';

export type ProgressMode = 'auto' | 'pretty' | 'plain' | 'json' | 'none';

export interface ReporterOptions {
  readonly mode: ProgressMode;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: { readonly isTTY: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly yes: boolean;
  readonly confirmName: string | undefined;
  readonly clock: Clock;
}

/** The reporter that a person, a log or a program gets. */
export function createReporter({ mode, stderr, stdin, env, yes, confirmName, clock }: ReporterOptions): Reporter {
  const terminal = stderr.isTTY === true && !env['CI'] && env['TERM'] !== 'dumb';
  const shown = mode === 'auto' ? (terminal ? 'pretty' : 'plain') : mode;
  const colored = takesColor(stderr, env);
  const line = (text: string): void => void stderr.write(`${text}\n`);
  const people = (text: string): void => line(colored ? colorTrouble(printableLines(text)) : printableLines(text));
  const asking: Asking = {
    interactive: stdin.isTTY && stderr.isTTY === true && !env['CI'],
    yes,
    confirmName,
    write: (text) => void stderr.write(text),
  };
  const sink = sinkFor(shown, stderr, { line, people }, clock);
  let interrupting = false;
  return {
    emit: (event) => {
      // Said by whoever hears of it first: the signal's handler, or the run that it ends.
      if (event.type === 'interrupting' && interrupting) return;
      interrupting ||= event.type === 'interrupting';
      sink.emit(event);
    },
    confirm: (confirmation) => {
      sink.asked?.();
      return confirm(asking, confirmation);
    },
    choose: (choice) => {
      sink.asked?.();
      return choose(asking, choice);
    },
    close: async () => sink.close?.(),
  };
}

interface Sink {
  emit(event: ReportEvent): void;
  /** A question comes. */
  asked?(): void;
  close?(): Promise<void> | void;
}

function sinkFor(
  mode: Exclude<ProgressMode, 'auto'>,
  stderr: NodeJS.WriteStream,
  { line, people }: Readonly<Record<'line' | 'people', (text: string) => void>>,
  clock: Clock,
): Sink {
  switch (mode) {
    case 'pretty':
      return escaping(new PrettyProgress(stderr, clock));
    case 'plain':
      return escaping(new PlainLines(people, clock));
    case 'json':
      return { emit: (event) => line(printableJson(event)) };
    case 'none':
      return { emit: () => {} };
  }
}

/** A sink for people's eyes, which gets nothing that a terminal would obey. */
const escaping = (sink: Sink): Sink => ({
  emit: (event) => sink.emit(printableEvent(event)),
  asked: () => sink.asked?.(),
  close: () => sink.close?.(),
});

function printableEvent(event: ReportEvent): ReportEvent {
  switch (event.type) {
    case 'operation-started':
      return {
        ...event,
        operation: printable(event.operation),
        cluster: printable(event.cluster),
        steps: event.steps.map(printableStep),
      };
    case 'step-progress':
    case 'looking':
      return { ...event, text: printable(event.text) };
    case 'note':
      return { ...event, text: printableLines(event.text) };
    case 'step-skipped':
      return { ...event, because: printable(event.because) };
    case 'step-done':
      return event.text === undefined ? event : { ...event, text: printable(event.text) };
    // Their errors are worded, and escaped, where they are shown.
    case 'step-failed':
    case 'step-interrupted':
    case 'step-started':
    case 'step-put-back':
    case 'interrupting':
    case 'operation-finished':
      return event;
  }
}
