import { stripVTControlCharacters } from 'node:util';

import { UsageError } from '../errors/index.js';
import { suggestion } from '../ui/suggest.js';

/** What is said of a command that cannot be parsed. */
export interface ParsedCommand {
  /** As typed: `cluster create`. */
  readonly name: string;
  /** Flags without their dashes. */
  readonly flags: readonly string[];
  /** Those that are given or not, and have no value. */
  readonly switches: readonly string[];
}

type Sentence = readonly [pattern: RegExp, text: (...groups: string[]) => string];

/** What the parser says of one flag, and how we say it. */
const sentences: readonly Sentence[] = [
  [/^Missing required flag (\S+)$/, (flag) => `--${flag} is missing.`],
  [/^Flag --(\S+) expects a value$/, (flag) => `--${flag} needs a value.`],
  [/^Flag --(\S+) expects one of these values: (.+)$/, (flag, values) => `--${flag} needs a value: one of ${values}.`],
  [/^Flag --(\S+) can only be specified once$/, (flag) => `--${flag} is given more than once.`],
  [/^Expected --([^=]+)=(.*) to be one of: (.+)$/s, (flag, got, values) => choice(`--${flag} takes`, got, values)],
  [/^Expected (\S+) to be one of: (.+)$/s, (got, values) => choice('The argument is', got, values)],
  [
    /^Parsing --(\S+)\s+Expected an integer but received:\s*(.*)$/s,
    (flag, got) => `--${flag} takes a whole number, got ${got || 'nothing'}.`,
  ],
  [
    /^Parsing --(\S+)\s+Expected an integer greater than or equal to (\S+) but received: (.*)$/s,
    (flag, least, got) => `--${flag} takes ${least} or more, got ${got}.`,
  ],
  [
    /^Parsing --(\S+)\s+Expected an integer less than or equal to (\S+) but received: (.*)$/s,
    (flag, most, got) => `--${flag} takes at most ${most}, got ${got}.`,
  ],
  [
    /^--(\w[\w-]*)(?:=.*)? cannot also be provided when using --(\S+)$/s,
    (flag, other) => `--${flag} and --${other} cannot be used together.`,
  ],
  [
    /^All of the following must be provided when using --(\S+): (.+)$/,
    (flag, others) => `--${flag} works only with ${others}.`,
  ],
];

/**
 * A yes-or-no flag with a value (`--yes=no`): the parser takes the value for an argument.
 * @param argv without what comes after `--`
 */
export function valueOfSwitch(argv: readonly string[], { name, switches }: ParsedCommand): UsageError | undefined {
  const flag = argv.flatMap((word) => /^--([^=]+)=/.exec(word)?.[1] ?? []).find((word) => switches.includes(word));
  return flag === undefined
    ? undefined
    : new UsageError(`--${flag} takes no value.`, {
        code: 'BAD_USAGE',
        hint: `Give it alone, or leave it out. slipway ${name} --help shows what it takes.`,
      });
}

/** The parser's complaints as bad usage, in our words; undefined for any other error. */
export function parseError(error: Error, command: ParsedCommand): UsageError | undefined {
  if (!('oclif' in error)) return undefined;
  const help = `slipway ${command.name} --help shows what it takes.`;
  const usage = (message: string, hint = help, details: readonly string[] = []): UsageError =>
    new UsageError(message, { code: 'BAD_USAGE', hint, details, cause: error });

  const flags = wordsIn(error, 'flags');
  if (flags) {
    const near = flags.flatMap((flag) => {
      const found = suggestion(flag.replace(/^--?|=.*$/gs, ''), command.flags);
      return found === undefined ? [] : [`--${found}`];
    });
    const unknown = flags.map((flag) => flag.replace(/=.*$/s, '')).join(', ');
    return usage(
      `slipway ${command.name} has no flag${flags.length === 1 ? '' : 's'} ${unknown}.`,
      near.length === 0 ? help : `Did you mean ${near.join(', ')}?`,
    );
  }
  const excess = wordsIn(error, 'args');
  if (excess) return usage(`slipway ${command.name} takes no further argument: ${excess.join(' ')}.`);
  const missing = namesIn(error);
  if (missing)
    return usage(`slipway ${command.name} needs ${missing.map((name) => name.toUpperCase()).join(' and ')}.`);

  const problems = problemsOf(error.message).map(inOurWords);
  return problems.length === 1 ? usage(problems[0]!) : usage(`slipway ${command.name} cannot run so:`, help, problems);
}

function problemsOf(message: string): readonly string[] {
  const text = stripVTControlCharacters(message)
    .replace(/\nSee more help with --help/g, '')
    .trim();
  const list = /^The following errors? occurred:\s+(.*)$/s.exec(text)?.[1];
  return list === undefined ? [text] : [...new Set(list.split('\n').map((line) => line.trim()))];
}

function inOurWords(problem: string): string {
  for (const [pattern, text] of sentences) {
    const groups = pattern.exec(problem)?.slice(1);
    if (groups) return text(...groups);
  }
  return problem;
}

function choice(subject: string, got: string, values: string): string {
  const near = suggestion(got, values.split(', '));
  return `${subject} one of ${values}; got ${got}.${near === undefined ? '' : ` Did you mean ${near}?`}`;
}

function wordsIn(error: Error, key: 'flags' | 'args'): readonly string[] | undefined {
  const words: unknown = (error as unknown as Record<string, unknown>)[key];
  return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined;
}

/** The names of arguments that are missing. */
function namesIn(error: Error): readonly string[] | undefined {
  const args: unknown = 'args' in error ? error.args : undefined;
  if (!Array.isArray(args)) return undefined;
  return args.flatMap((arg: unknown) =>
    typeof arg === 'object' && arg !== null && 'name' in arg ? [String(arg.name)] : [],
  );
}
