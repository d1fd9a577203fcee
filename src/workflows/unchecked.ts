import { plural } from '../domain/index.js';
import type { Problem } from '../provider/port.js';

/** Something a plan goes without, and what applying it takes. */
export interface Unchecked {
  readonly code:
    'TOKEN_READ_ONLY' | 'UPGRADE_REFUSED' | 'SETTINGS_REFUSED' | 'SECRETS_MISSING' | 'SECRETS_NOT_COMPARED';
  readonly message: string;
  /** One line for each variable or file. */
  readonly details?: readonly string[] | undefined;
  readonly hint: string;
}

const needsWriting = 'TOKEN_READ_ONLY' satisfies Unchecked['code'];

/** Changes nothing, so that a token which can change nothing is good enough. */
export function allowReading(problems: readonly Problem[]): {
  readonly problems: readonly Problem[];
  readonly unchecked: readonly Unchecked[];
} {
  return {
    problems: problems.filter(({ code }) => code !== needsWriting),
    unchecked: problems
      .filter(({ code }) => code === needsWriting)
      .map(({ message, hint }) => ({
        code: needsWriting,
        message: `${message} That is enough for a plan, not to apply it.`,
        hint,
      })),
  };
}

export const missingSecrets = (details: readonly string[]): readonly Unchecked[] =>
  details.length === 0
    ? []
    : [
        {
          code: 'SECRETS_MISSING',
          message: `${plural(details.length, 'secret')} ${details.length === 1 ? 'is' : 'are'} missing here, so ${details.length === 1 ? 'its value was' : 'their values were'} not checked.`,
          details,
          hint: 'Set the variables where you apply this.',
        },
      ];

/** @param sources variables and files that are not given, or not to be trusted, where the cluster has a value */
export const keptSecrets = (sources: readonly string[]): readonly Unchecked[] =>
  sources.length === 0
    ? []
    : [
        {
          code: 'SECRETS_NOT_COMPARED',
          message: `${plural(sources.length, 'secret')} in the cluster ${sources.length === 1 ? 'was' : 'were'} not compared: ${[...sources].sort().join(', ')}.`,
          hint: 'Where you apply this, what is set there replaces what the cluster has.',
        },
      ];
