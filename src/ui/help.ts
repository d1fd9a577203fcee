import { type Invocation, programName } from './program.js';

const columns = 80;

/** Help as the build made it, with the program named as it was typed, in lines that fit 80 columns again. */
export function helpAsTyped(text: string, invocation: Invocation): string {
  const program = programName(invocation);
  if (program === 'slipway') return text;
  return text.replace(/^( +)\$ slipway\b(.*(?:\n {4}\S.*)*)/gm, (_, indent: string, rest: string) =>
    // Usage goes on in a line of its own; a command that somebody copies needs a mark for that.
    folded(`${indent}$ ${program}${rest.replace(/\n +/g, ' ')}`, isUsage(rest) ? '' : ' \\'),
  );
}

/** Words in capitals, brackets and the like are for reading, not for typing. */
const isUsage = (rest: string): boolean => /[[<]| [A-Z]{2,}\b/.test(rest);

function folded(text: string, mark: string): string {
  const lines: string[] = [];
  for (const word of text.split(/(?<=\S) /)) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(word);
    else if (last.length + 1 + word.length + mark.length > columns) lines.push(`    ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join(`${mark}\n`);
}
