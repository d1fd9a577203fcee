/** Where in a template some output came from. */
interface Mark {
  /** Offset in the output at which it begins. */
  readonly at: number;
  readonly line: number;
  /** Whether its own line ends count: true for the template's text, false for what a helper put in. */
  readonly counts: boolean;
}

/** Output of a helper that must turn out to be one thing in YAML. */
export interface Inserted {
  readonly from: number;
  readonly to: number;
  readonly line: number;
  /** `value`: a whole value, or in block text. `block`: at `from` a value or key begins. `text`: only in block text. */
  readonly as: 'value' | 'block' | 'text';
}

/** The text a template makes, with the way back to its lines. */
export class Output {
  #text = '';
  readonly #marks: Mark[] = [];
  readonly inserted: Inserted[] = [];

  get text(): string {
    return this.#text;
  }

  /** What stands on the line that is being written. */
  get lineSoFar(): string {
    return this.#text.slice(this.#text.lastIndexOf('\n') + 1);
  }

  /** The last line before this one that is not blank or a comment. */
  get lastFullLine(): string {
    let end = this.#text.lastIndexOf('\n');
    while (end > 0) {
      const start = this.#text.lastIndexOf('\n', end - 1) + 1;
      const line = this.#text.slice(start, end);
      if (!/^\s*(#|$)/.test(line)) return line;
      end = start - 1;
    }
    return '';
  }

  /** Text of the template itself. */
  copy(text: string, line: number): void {
    if (text === '') return;
    this.#marks.push({ at: this.#text.length, line, counts: true });
    this.#text += text;
  }

  /** What a helper puts in; `lead` is white space of it that belongs to no value. */
  insert(lead: string, text: string, line: number, as: Inserted['as'] | undefined): void {
    this.#marks.push({ at: this.#text.length, line, counts: false });
    const from = this.#text.length + lead.length;
    this.#text += lead + text;
    if (as !== undefined) this.inserted.push({ from, to: from + text.length, line, as });
  }

  /** The template's line for an offset in the output. */
  lineAt(offset: number): number {
    const mark = this.#marks.findLast(({ at }) => at <= offset) ?? this.#marks[0];
    if (mark === undefined) return 1;
    if (!mark.counts) return mark.line;
    return mark.line + (this.#text.slice(mark.at, offset).match(/\n/g)?.length ?? 0);
  }
}
