import type { Hook } from '@oclif/core';
import { distance } from 'fastest-levenshtein';

import { printableLines } from '../domain/printable.js';
import { codeLine } from './errors.js';
import { asTyped, programName } from './program.js';

/** Answers a command that does not exist: the nearest one, or those of its topic; exit 2, no prompt. */
const notFound: Hook.CommandNotFound = async function ({ id, argv, config }) {
  const all = [...id.split(':'), ...(argv ?? [])];
  const { message, next } = answer(all[0] === 'help' ? all.slice(1) : all, config.commandIDs);
  const program = programName({ script: process.argv[1], cwd: process.cwd(), env: process.env });
  const text = [`Error: ${message}`, `Next: ${next}`, codeLine('UNKNOWN_COMMAND')].join('\n');
  process.stderr.write(`${printableLines(asTyped(text, program))}\n`);
  this.exit(2);
};

function answer(words: readonly string[], known: readonly string[]): { message: string; next: string } {
  const complete = commandIn(words, known);
  if (complete) {
    return {
      message: `slipway ${complete.name} takes no argument, got ${complete.rest.join(' ')}.`,
      next: `slipway ${complete.name} --help shows what it takes.`,
    };
  }
  const topic = known.filter((candidate) => candidate.startsWith(`${words[0]}:`));
  if (topic.length > 0 && words[1]?.startsWith('-')) {
    return {
      message: `slipway ${words[0]} needs a command, and ${words[1]} comes after it.`,
      next: `slipway ${words[0]} --help lists the commands.`,
    };
  }
  const message = words[0]?.startsWith('-')
    ? `${words[0]} is not a flag of slipway itself.`
    : `${words.join(' ')} is not a command.`;
  const near = nearest(words, known);
  if (near) return { message, next: `Did you mean \`slipway ${[...near.id.split(':'), ...near.rest].join(' ')}\`?` };
  if (topic.length === 0) return { message, next: 'slipway --help lists the commands.' };
  return { message, next: `There is: ${topic.map((candidate) => candidate.replaceAll(':', ' ')).join(', ')}.` };
}

/** The command that was typed, where what follows it is what it does not take. */
export function commandIn(
  words: readonly string[],
  known: readonly string[],
): { readonly name: string; readonly rest: readonly string[] } | undefined {
  for (let length = words.length - 1; length > 0; length--) {
    if (known.includes(words.slice(0, length).join(':')))
      return { name: words.slice(0, length).join(' '), rest: words.slice(length) };
  }
  return undefined;
}

/** The known command whose words are nearest to the first ones typed, and what was typed after them. */
export function nearest(
  words: readonly string[],
  known: readonly string[],
): { id: string; rest: string[] } | undefined {
  const scored = known.map((id) => {
    const parts = id.split(':');
    const typed = words.slice(0, parts.length);
    const far = parts.reduce((sum, part, index) => sum + distance(part, typed[index] ?? ''), 0);
    return { id, far, rest: words.slice(parts.length), parts: parts.length };
  });
  const best = scored.sort((a, b) => a.far - b.far || b.parts - a.parts)[0];
  return best && best.far <= 2 * best.parts - 1 ? { id: best.id, rest: [...best.rest] } : undefined;
}

export default notFound;
