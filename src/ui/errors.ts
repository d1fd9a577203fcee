import { printableLines } from '../domain/printable.js';
import { messageOf, SlipwayError } from '../errors/index.js';

/** Further lines are indented: only the last line of ours begins with `Next:`. */
const indented = (text: string): string => printableLines(text).replaceAll('\n', '\n  ');

/** What a person reads on stderr: what happened, the details, what to do next. Never a stack trace of ours to mend. */
export function renderError(error: unknown): string {
  if (error instanceof SlipwayError) {
    return [
      `Error: ${indented(error.message)}`,
      ...error.details.map((detail) => `  ${indented(detail)}`),
      ...(error.hint === undefined ? [] : [`Next: ${indented(error.hint)}`]),
    ].join('\n');
  }
  return `Error: ${indented(messageOf(error))}\nNext: This was not foreseen. Run the same command again; if it stays, report it.`;
}

/** @param typed makes commands in the hint what can be typed here */
export function errorToJson(error: unknown, typed: (text: string) => string): unknown {
  return error instanceof SlipwayError
    ? { ...error.toJSON(), ...(error.hint === undefined ? {} : { hint: typed(error.hint) }) }
    : { code: 'UNEXPECTED', message: messageOf(error), exitCode: 1 };
}
