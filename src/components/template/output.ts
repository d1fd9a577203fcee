/** Where in a template some output came from. */
interface Mark {
  /** Offset in the output at which it begins. */
  readonly at: number;
  readonly line: number;
  /** Whether its own line ends count: true for the template's text, false for what a helper put in. */
  readonly counts: boolean;
}

/** Something a helper put in: it takes part as a mark, and is filled in once the YAML around it has been read. */
export interface Slot {
  readonly value: unknown;
  readonly line: number;
  /** `value`: a whole value or key. `keys`: keys among others. `items`: items among others. `text`: part of a text. */
  readonly as: 'value' | 'keys' | 'items' | 'text';
}

/** A sign for private use, which no template may hold: it stands around the number of a slot. */
export const slotSign = '\ue000';
/** A slot in text: its number. */
export const slotPattern = /\ue000(\d+)\ue000/;

/** The YAML a template makes with marks in the place of values, and the way back to the template's lines. */
export class Output {
  #text = '';
  readonly #marks: Mark[] = [];
  readonly slots: Slot[] = [];

  get text(): string {
    return this.#text;
  }

  /** What stands on the line that is being written. */
  get lineSoFar(): string {
    return this.#text.slice(this.#text.lastIndexOf('\n') + 1);
  }

  /** Text of the template itself. */
  copy(text: string, line: number): void {
    if (text === '') return;
    this.#marks.push({ at: this.#text.length, line, counts: true });
    this.#text += text;
  }

  /** What a helper puts in, after white space that belongs to no value. */
  insert(lead: string, slot: Slot): void {
    this.#marks.push({ at: this.#text.length, line: slot.line, counts: false });
    const mark = `${slotSign}${this.slots.length}${slotSign}`;
    this.slots.push(slot);
    this.#text += lead + written(slot.as, mark);
  }

  /** The template's line for an offset in the output. */
  lineAt(offset: number): number {
    const mark = this.#marks.findLast(({ at }) => at <= offset) ?? this.#marks[0];
    if (mark === undefined) return 1;
    if (!mark.counts) return mark.line;
    return mark.line + (this.#text.slice(mark.at, offset).match(/\n/g)?.length ?? 0);
  }
}

function written(as: Slot['as'], mark: string): string {
  switch (as) {
    case 'value':
      return `"${mark}"`;
    case 'keys':
      return `"${mark}": null`;
    case 'items':
      return `- "${mark}"`;
    case 'text':
      return mark;
  }
}
