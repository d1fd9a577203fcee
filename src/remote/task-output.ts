import { StringDecoder } from 'node:string_decoder';

import { Lines } from '../domain/lines.js';

/** How many of the last lines are kept for an error. */
const keptLines = 20;
/** Bytes of all that a task says. A fact as long as a kubeconfig is normal; more than this is no task of ours. */
const outputAtMost = 16 * 2 ** 20;
/** Characters of a line that are shown. */
const shownOfLine = 500;

/** Reads what a task answers, line by line, and keeps no more than is needed of it. */
export class TaskOutput {
  readonly facts: Record<string, string> = {};
  /** From `slipway-exit=N`, the last line of a task that came to its end. */
  exit: number | undefined;
  /** Whether our own text runs on the host: what comes before `slipway-began` is said by its shell, sudo or a forced command. */
  began = false;
  /** Whether the host said more than any task does. Nothing of that is kept, and it is to be listened to no more. */
  isTooLarge = false;
  #bytes = 0;
  readonly #last: string[] = [];
  readonly #streams = { out: new LineSplitter(), err: new LineSplitter() };

  constructor(private readonly progress: (text: string) => void) {}

  stdout(chunk: Buffer): void {
    if (this.#counts(chunk)) for (const line of this.#streams.out.add(chunk)) this.#answer(line);
  }

  stderr(chunk: Buffer): void {
    if (this.#counts(chunk)) for (const line of this.#streams.err.add(chunk)) this.#keep(line);
  }

  /** No more will come: a last line without its end counts as well. */
  end(): void {
    for (const stream of Object.values(this.#streams)) this.#keep(stream.rest());
  }

  /** The last lines that were neither facts nor progress. */
  get lastLines(): readonly string[] {
    return this.#last;
  }

  #counts(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    this.isTooLarge ||= this.#bytes > outputAtMost;
    return !this.isTooLarge;
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
      this.progress(line.slice(2, 2 + shownOfLine));
    } else {
      this.#keep(line);
    }
  }

  #keep(line: string): void {
    if (line.trim() === '') return;
    this.#last.push(line.slice(0, shownOfLine));
    if (this.#last.length > keptLines) this.#last.shift();
  }
}

/** Whole lines out of chunks that end anywhere, even inside a character. */
class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #lines = new Lines();

  add(chunk: Buffer): string[] {
    return this.#lines.add(this.#decoder.write(chunk)).map((line) => line.replace(/\r$/, ''));
  }

  /** What came after the last end of a line. */
  rest(): string {
    this.#lines.add(this.#decoder.end());
    return this.#lines.rest();
  }
}
