import { plural } from '../domain/plural.js';
import { IncompleteError, InterruptedError, RefusedError, type SlipwayError } from '../errors/index.js';
import type { RunResult, StepFailure } from './run.js';

/** What to say about a run that did not do everything; undefined when it did. */
export function errorOf(result: RunResult, retryCommand: string): SlipwayError | undefined {
  if (result.interrupted) {
    return new InterruptedError(`Interrupted after ${plural(result.done.length, 'step')}; nothing is lost.`, {
      code: 'INTERRUPTED',
      hint: `Run it again to go on from here: ${retryCommand}`,
      details: lines(result.failures),
    });
  }
  if (result.halted) {
    return new IncompleteError(result.halted.message, {
      code: result.halted.code,
      hint: hintFor([], retryCommand, result.halted.hint),
      details: [...result.halted.details, ...lines(result.failures)],
      cause: result.halted,
    });
  }
  if (result.failures.length === 0) return undefined;
  const [first] = result.failures;
  const alike = result.failures.every(({ error }) => error.code === first!.error.code);
  const skipped =
    result.skipped.length === 0 ? '' : `, ${plural(result.skipped.length, 'step')} not begun because of it`;
  const message =
    result.failures.length === 1
      ? first!.error.message
      : `${plural(result.failures.length, 'step')} failed, ${result.done.length} done${skipped}.`;
  const options = {
    code: alike ? first!.error.code : ('STEPS_FAILED' as const),
    hostCode: result.failures.length === 1 ? first!.error.hostCode : undefined,
    hint: hintFor(result.failures, retryCommand),
    details: result.failures.length === 1 ? first!.error.details : lines(result.failures),
    cause: first!.error,
  };
  // 3 promises that nothing was changed: one step that is done breaks it, whatever the others say.
  const unchanged = result.done.every(({ readOnly }) => readOnly === true);
  return unchanged && result.failures.every(({ error }) => error instanceof RefusedError)
    ? new RefusedError(message, options)
    : new IncompleteError(message, options);
}

/** One entry per different failure: many machines often fail for one reason. */
function lines(failures: readonly StepFailure[]): string[] {
  const groups = new Map<string, StepFailure[]>();
  for (const failure of failures) {
    // Messages name the machine in full, the step by its place: any word around the place goes.
    const words = failure.error.message.split(' ').map((word) => (word.includes(failure.step.target) ? '…' : word));
    const key = `${failure.error.code} ${words.join(' ')}`;
    groups.set(key, [...(groups.get(key) ?? []), failure]);
  }
  return [...groups.values()].flatMap((group) => {
    const [{ error, step }] = group as [StepFailure];
    const others = group.slice(1).map((failure) => failure.step.target);
    return [
      `${step.target}: ${error.message}${others.length === 0 ? '' : ` (also ${shorten(others)})`}`,
      ...error.details.map((detail) => `  ${detail}`),
      ...(error.hint === undefined ? [] : [`  → ${error.hint}`]),
    ];
  });
}

function hintFor(
  failures: readonly StepFailure[],
  retryCommand: string,
  hint = failures.length === 1 ? failures[0]!.error.hint : undefined,
): string {
  const again = `Then run it again to finish: ${retryCommand}`;
  return hint === undefined
    ? `What is done stays done. ${again}`
    : hint.includes(retryCommand)
      ? hint
      : `${hint} ${again}`;
}

const shorten = (names: readonly string[]): string =>
  names.length <= 4 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
