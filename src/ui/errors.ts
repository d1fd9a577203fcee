import { printable, printableLines } from '../domain/printable.js';
import { type ErrorCode, messageOf, SlipwayError } from '../errors/index.js';

/** Further lines are indented: only lines of ours begin with `Next:` and `Code:`. */
const indented = (text: string): string => printableLines(text).replaceAll('\n', '\n  ');

/** What a person reads on stderr: what happened, the details, what to do next, and the code to look up. Never a stack trace. */
export function renderError(error: unknown): string {
  if (error instanceof SlipwayError) {
    return [
      `Error: ${indented(error.message)}`,
      ...error.details.map((detail) => `  ${indented(detail)}`),
      ...(error.hint === undefined ? [] : [`Next: ${indented(error.hint)}`]),
      codeLine(error.code, error.hostCode),
    ].join('\n');
  }
  return `Error: ${indented(messageOf(error))}\nNext: This was not foreseen. Run the same command again; if it stays, report it.\n${codeLine('UNEXPECTED')}`;
}

/** Under this code docs/reference/errors.md tells more; codes of hosts and APIs come from outside. */
export const codeLine = (code: ErrorCode, hostCode?: string): string =>
  `Code: ${printable(code)}${hostCode === undefined ? '' : ` (${printable(hostCode)})`}`;

/** @param typed makes commands in the hint what can be typed here */
export function errorToJson(error: unknown, typed: (text: string) => string): unknown {
  return error instanceof SlipwayError
    ? { ...error.toJSON(), ...(error.hint === undefined ? {} : { hint: typed(error.hint) }) }
    : { code: 'UNEXPECTED', message: messageOf(error), exitCode: 1 };
}
