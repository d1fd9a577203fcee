import { printable } from '../domain/printable.js';
import { DeclinedError, UsageError } from '../errors/index.js';
import type { Choice, Confirmation } from '../reporting/index.js';

export interface Asking {
  readonly interactive: boolean;
  readonly yes: boolean;
  readonly confirmName: string | undefined;
  write(text: string): void;
}

/** See `Reporter.confirm`. */
export async function confirm(
  asking: Asking,
  { question, details, typed, flags, harmless, otherwise }: Confirmation,
): Promise<void> {
  if (otherwise && (asking.yes || !asking.interactive)) throw otherwise;
  if (typed !== undefined && asking.confirmName !== undefined && asking.confirmName !== typed) {
    throw new UsageError(`--confirm says ${asking.confirmName}, but this is about ${typed}.`, {
      code: 'CONFIRMATION_MISMATCH',
      hint: `Answer it with ${flags}.`,
    });
  }
  if (asking.yes && (typed === undefined || asking.confirmName === typed)) return;
  if (!asking.interactive || asking.yes) {
    if (harmless) return;
    throw new UsageError(`${question} No terminal to ask on.`, {
      code: 'CONFIRMATION_NEEDED',
      hint: `Answer it with ${flags}.`,
      details,
    });
  }
  asking.write(details.map((line) => `  ${printable(line)}\n`).join(''));
  const { default: enquirer } = await import('enquirer');
  const answer = await enquirer
    .prompt<{ answer: boolean | string }>(
      typed === undefined
        ? { type: 'confirm', name: 'answer', message: printable(question), stdout: process.stderr }
        : {
            type: 'input',
            name: 'answer',
            message: printable(`${question} Type ${typed} to go on:`),
            stdout: process.stderr,
          },
    )
    .catch(() => ({ answer: false }));
  if (answer.answer === true || (typed !== undefined && answer.answer === typed)) return;
  throw new DeclinedError('Nothing was changed.', { code: 'DECLINED' });
}

/** See `Reporter.choose`. */
export async function choose(asking: Asking, { question, choices, flags }: Choice): Promise<string> {
  if (!asking.interactive || asking.yes) {
    throw new UsageError(`${question} No terminal to ask on.`, {
      code: 'CHOICE_NEEDED',
      hint: `Say it with ${flags}.`,
    });
  }
  const { default: enquirer } = await import('enquirer');
  return enquirer
    .prompt<{ answer: string }>({
      type: 'select',
      name: 'answer',
      message: printable(question),
      choices: choices.map((name) => ({ name, message: printable(name) })),
      stdout: process.stderr,
    })
    .then(({ answer }) => answer)
    .catch(() => {
      throw new DeclinedError('Nothing was changed.', { code: 'DECLINED' });
    });
}
