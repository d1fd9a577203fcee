import type { Clock } from '../domain/clock.js';
import type { ReportEvent, Reporter } from '../reporting/index.js';
import { PlainLines } from './plain.js';
import { PrettyProgress } from './pretty.js';
import { choose, confirm, type Asking } from './prompt.js';

export type ProgressMode = 'auto' | 'pretty' | 'plain' | 'json' | 'none';

export interface ReporterOptions {
  readonly mode: ProgressMode;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: Pick<NodeJS.ReadStream, 'isTTY'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly yes: boolean;
  readonly confirmName: string | undefined;
  readonly clock: Clock;
}

/** The reporter that a person, a log or a program gets. */
export function createReporter({ mode, stderr, stdin, env, yes, confirmName, clock }: ReporterOptions): Reporter {
  const terminal = stderr.isTTY === true && !env['CI'] && env['TERM'] !== 'dumb';
  const shown = mode === 'auto' ? (terminal ? 'pretty' : 'plain') : mode;
  const line = (text: string): void => void stderr.write(`${text}\n`);
  const asking: Asking = {
    interactive: stdin.isTTY === true && stderr.isTTY === true && !env['CI'],
    yes,
    confirmName,
    write: (text) => void stderr.write(text),
  };
  const sink = sinkFor(shown, stderr, line, clock);
  return {
    emit: (event) => sink.emit(event),
    confirm: (confirmation) => confirm(asking, confirmation),
    choose: (choice) => choose(asking, choice),
    close: async () => sink.close?.(),
  };
}

interface Sink {
  emit(event: ReportEvent): void;
  close?(): Promise<void> | void;
}

function sinkFor(
  mode: Exclude<ProgressMode, 'auto'>,
  stderr: NodeJS.WriteStream,
  line: (text: string) => void,
  clock: Clock,
): Sink {
  switch (mode) {
    case 'pretty':
      return new PrettyProgress(stderr, clock);
    case 'plain':
      return new PlainLines(line);
    case 'json':
      return { emit: (event) => line(JSON.stringify(event)) };
    case 'none':
      return { emit: () => {} };
  }
}
