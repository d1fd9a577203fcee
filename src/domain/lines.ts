/** Whole lines out of pieces of text that end anywhere. What has no end yet is kept in pieces, however many they are. */
export class Lines {
  #pieces: string[] = [];
  #pending = 0;

  /** Characters that came after the last end of a line: whoever reads decides how many are too many. */
  get pending(): number {
    return this.#pending;
  }

  /** The lines that a piece completes, without their ends. */
  add(piece: string): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', from)) {
      lines.push(this.#take(piece.slice(from, end)));
      from = end + 1;
    }
    const rest = piece.slice(from);
    if (rest !== '') this.#pieces.push(rest);
    this.#pending += rest.length;
    return lines;
  }

  /** What came after the last end of a line. */
  rest(): string {
    return this.#take('');
  }

  #take(last: string): string {
    const line = this.#pieces.join('') + last;
    this.#pieces = [];
    this.#pending = 0;
    return line;
  }
}
