import { messageOf, SlipwayError } from '../errors/index.js';

/** What a person reads on stderr: what happened, the details, what to do next. Never a stack trace of ours to mend. */
export function renderError(error: unknown): string {
  if (error instanceof SlipwayError) {
    return [
      `Error: ${error.message}`,
      ...error.details.map((detail) => `  ${detail}`),
      ...(error.hint === undefined ? [] : [`Next: ${error.hint}`]),
    ].join('\n');
  }
  return `Error: ${messageOf(error)}\nNext: This was not foreseen. Run the same command again; if it stays, report it.`;
}

export function errorToJson(error: unknown): unknown {
  return error instanceof SlipwayError
    ? error.toJSON()
    : { code: 'UNEXPECTED', message: messageOf(error), exitCode: 1 };
}
