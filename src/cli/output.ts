import { Flags } from '@oclif/core';

import { printableJson } from '../domain/printable.js';

const formats = ['json', 'yaml', 'name'] as const;
export type OutputFormat = (typeof formats)[number];

const description = 'Print the result for programs, as --json does.';

/** `-o` of every command. */
export const outputFlag = Flags.option({
  char: 'o',
  description,
  options: ['json', 'yaml'] as const,
  exclusive: ['json'],
  helpGroup: 'GLOBAL',
})();

/** `-o` of commands whose result is a list of names, among other things. */
export const outputWithNamesFlag = Flags.option({
  char: 'o',
  description,
  options: formats,
  exclusive: ['json'],
  helpGroup: 'GLOBAL',
})();

/** Of commands with a table that leaves columns out where the screen is narrow. */
export const wideFlag = Flags.boolean({ description: 'Show every column, however wide.' });

/** The format that `-o` or `--output` names; undefined when there is none, or none that exists. */
export function outputFormat(argv: readonly string[]): OutputFormat | undefined {
  const end = argv.indexOf('--');
  const words = end === -1 ? argv : argv.slice(0, end);
  for (const [index, word] of words.entries()) {
    const value = word === '-o' || word === '--output' ? words[index + 1] : /^(?:--output=|-o=?)(.*)$/s.exec(word)?.[1];
    const format = formats.find((known) => known === value);
    if (format) return format;
  }
  return undefined;
}

let yaml: ((json: string) => string) | undefined;

/** Loads what a command line's format takes: `formatted` cannot wait. */
export async function prepareOutput(argv: readonly string[]): Promise<void> {
  if (outputFormat(argv) === 'yaml') yaml = (await import('./yaml-output.js')).yamlOf;
}

/** A result as text, escaped for terminals. YAML comes from what the JSON would be, so both say the same. */
export function formatted(result: unknown, format: 'json' | 'yaml'): string {
  const json = printableJson(result, 2);
  return format === 'yaml' && yaml ? yaml(json) : json;
}
