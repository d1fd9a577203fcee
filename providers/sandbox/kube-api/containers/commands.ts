/** How a command ends. */
export interface Outcome {
  /** Undefined: never. */
  readonly afterMs: number | undefined;
  readonly exitCode: number;
  readonly output: readonly string[];
}

/** A process that starts and ends at once takes about this long. */
export const momentMs = 200;

const done = (exitCode: number, output: readonly string[] = []): Outcome => ({ afterMs: momentMs, exitCode, output });
const endless: Outcome = { afterMs: undefined, exitCode: 0, output: [] };

/**
 * What becomes of a command that means the same in every image: `true`, `false`, `sleep`, `echo`, and scripts of these
 * and `exit` for a shell. Undefined: nobody can know.
 */
export function outcomeOf(argv: readonly string[]): Outcome | undefined {
  const [program = '', ...args] = argv;
  const name = program.split('/').at(-1)!;
  if (['sh', 'bash', 'ash', 'dash'].includes(name)) {
    const [options = '', script] = args;
    return /^-[eux]*c$/.test(options) && script !== undefined
      ? scriptOutcome(script, options.includes('e'))
      : undefined;
  }
  return simpleOutcome(name, args);
}

function simpleOutcome(name: string, args: readonly string[]): Outcome | undefined {
  if (name === 'true' || name === ':') return done(0);
  if (name === 'false') return done(1);
  if (name === 'echo') return done(0, [args.filter((arg) => arg !== '-n').join(' ')]);
  if (name !== 'sleep' || args.length === 0) return undefined;
  if (args.includes('infinity') || args.includes('inf')) return endless;
  const factors: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };
  const seconds = args.map((arg) => {
    const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(arg) ?? [];
    return Number(number) * factors[unit]!;
  });
  const total = seconds.reduce((sum, one) => sum + one, 0);
  return Number.isNaN(total) ? undefined : { afterMs: Math.max(momentMs, total * 1000), exitCode: 0, output: [] };
}

/** One command of a script, and what joined it to the one before. */
interface Part {
  readonly joint: ';' | '&&' | '||';
  readonly words: readonly string[];
}

const keywords = new Set([
  'if',
  'for',
  'while',
  'until',
  'case',
  'function',
  'do',
  'then',
  'trap',
  'exec',
  'set',
  'cd',
]);

/** Commands of a script without variables, pipes, redirections and blocks. */
function partsOf(script: string): readonly Part[] | undefined {
  const parts: { joint: Part['joint']; words: string[] }[] = [{ joint: ';', words: [] }];
  const tokens = /\s*(?:(&&|\|\||;|\n)|((?:'[^']*'|"[^"$`\\]*"|[^\s'"$`\\|&;<>(){}*?[\]#!~])+))[^\S\n]*/y;
  const text = script.trim();
  while (tokens.lastIndex < text.length) {
    const match = tokens.exec(text);
    if (!match) return undefined;
    const [, joint, word] = match;
    if (word !== undefined) parts.at(-1)!.words.push(word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
    else parts.push({ joint: joint === '\n' ? ';' : (joint as Part['joint']), words: [] });
  }
  return parts.filter(({ words }) => words.length > 0);
}

function scriptOutcome(script: string, stopsAtFailure: boolean): Outcome | undefined {
  const parts = partsOf(script);
  if (!parts || parts.some(({ words }) => keywords.has(words[0]!))) return undefined;
  let exitCode = 0;
  let afterMs = 0;
  const output: string[] = [];
  for (const [index, { joint, words }] of parts.entries()) {
    if ((joint === '&&' && exitCode !== 0) || (joint === '||' && exitCode === 0)) continue;
    const [name = '', ...args] = words;
    if (name === 'exit') {
      if (args[0] !== undefined && !/^\d{1,3}$/.test(args[0])) return undefined;
      return { afterMs: Math.max(momentMs, afterMs), exitCode: Number(args[0] ?? exitCode) % 256, output };
    }
    const one = simpleOutcome(name.split('/').at(-1)!, args);
    if (!one) return undefined;
    output.push(...one.output);
    if (one.afterMs === undefined) return { ...endless, output };
    afterMs += one.afterMs;
    exitCode = one.exitCode;
    const isTested = ['&&', '||'].includes(parts[index + 1]?.joint ?? '');
    if (stopsAtFailure && exitCode !== 0 && !isTested) break;
  }
  return { afterMs: Math.max(momentMs, afterMs), exitCode, output };
}
