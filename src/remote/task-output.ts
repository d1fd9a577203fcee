import { StringDecoder } from 'node:string_decoder';

/** How many of the last lines are kept for an error. */
const keptLines = 20;
/** A fact as long as a kubeconfig is normal; more than this is no task of ours. */
const longestLine = 4 * 1024 * 1024;

/** Reads what a task answers, line by line, and keeps no more than is needed of it. */
export class TaskOutput {
  readonly facts: Record<string, string> = {};
  /** From `slipway-exit=N`, the last line of a task that came to its end. */
  exit: number | undefined;
  /** Whether our own text runs on the host: what comes before `slipway-began` is said by its shell, sudo or a forced command. */
  began = false;
  readonly #last: string[] = [];
  readonly #streams = { out: new LineSplitter(), err: new LineSplitter() };

  constructor(private readonly progress: (text: string) => void) {}

  stdout(chunk: Buffer): void {
    for (const line of this.#streams.out.add(chunk)) this.#answer(line);
  }

  stderr(chunk: Buffer): void {
    for (const line of this.#streams.err.add(chunk)) this.#keep(line);
  }

  /** No more will come: a last line without its end counts as well. */
  end(): void {
    for (const stream of Object.values(this.#streams)) this.#keep(stream.rest());
  }

  /** The last lines that were neither facts nor progress. */
  get lastLines(): readonly string[] {
    return this.#last;
  }

  #answer(line: string): void {
    const fact = /^([a-z][a-z0-9_]*)=(.*)$/s.exec(line);
    if (fact) {
      this.facts[fact[1]!] = fact[2]!;
    } else if (line.startsWith('slipway-exit=')) {
      this.exit = Number(line.slice('slipway-exit='.length));
    } else if (line === 'slipway-began') {
      this.began = true;
    } else if (line.startsWith('# ')) {
      this.progress(line.slice(2));
    } else {
      this.#keep(line);
    }
  }

  #keep(line: string): void {
    if (line.trim() === '') return;
    this.#last.push(line.slice(0, 500));
    if (this.#last.length > keptLines) this.#last.shift();
  }
}

/** Whole lines out of chunks that end anywhere, even inside a character. */
class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  add(chunk: Buffer): string[] {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-longestLine);
    return lines.map((line) => line.replace(/\r$/, ''));
  }

  /** What came after the last end of a line. */
  rest(): string {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    return rest;
  }
}
