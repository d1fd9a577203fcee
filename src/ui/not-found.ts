import type { Hook } from '@oclif/core';
import { distance } from 'fastest-levenshtein';

import { printableLines } from '../domain/printable.js';
import { codeLine } from './errors.js';
import { asTyped, programName } from './program.js';

/** Answers a command that does not exist: the nearest one, or those of its topic; exit 2, no prompt. */
const notFound: Hook.CommandNotFound = async function ({ id, argv, config }) {
  const known = config.commandIDs;
  const all = [...id.split(':'), ...(argv ?? [])];
  const words = all[0] === 'help' ? all.slice(1) : all;
  const near = nearest(words, known);
  const typed = id.replace(/^help:/, '').replaceAll(':', ' ');
  const complete = commandIn(words, known);
  const lines = complete
    ? [`Error: slipway ${complete.name} takes no argument, got ${complete.rest.join(' ')}.`]
    : [`Error: ${typed} is not a ${typed.startsWith('-') ? 'flag of slipway itself' : 'command'}.`];
  if (complete) lines.push(`Next: slipway ${complete.name} --help shows what it takes.`);
  else if (near) lines.push(`Next: Did you mean \`slipway ${[...near.id.split(':'), ...near.rest].join(' ')}\`?`);
  else {
    const topic = known.filter((candidate) => candidate.startsWith(`${words[0]}:`));
    lines.push(
      topic.length > 0
        ? `Next: There is: ${topic.map((candidate) => candidate.replaceAll(':', ' ')).join(', ')}.`
        : 'Next: slipway --help lists the commands.',
    );
  }
  lines.push(codeLine('UNKNOWN_COMMAND'));
  const program = programName({ script: process.argv[1], cwd: process.cwd(), env: process.env });
  process.stderr.write(`${printableLines(asTyped(lines.join('\n'), program))}\n`);
  this.exit(2);
};

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
