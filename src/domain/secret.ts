import { inspect } from 'node:util';

const hidden = '[secret]';

/** A value that must not reach a screen, log, journal or process list. Printing it in any way gives `[secret]`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Only for the last step before a wire or a 0600 file. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return hidden;
  }

  toJSON(): string {
    return hidden;
  }

  [inspect.custom](): string {
    return hidden;
  }
}
