import { jsonText, yamlText } from '../yaml-text.js';
import { isMap } from './helpers.js';
import type { Output } from './output.js';

const blank = (text: string): boolean => text.trim() === '';

/** The text with every line but the first standing at a column. */
const hang = (text: string, column: number): string => text.replace(/\n(?=[^\n])/g, `\n${' '.repeat(column)}`);

/** `{{q x}}`: a whole value on one line. */
export function putValue(output: Output, value: unknown, line: number): void {
  output.insert('', jsonText(value), line, 'value');
}

/** `{{text x}}`: bare text in a block of text, each line as far in as the one it begins on. */
export function putText(output: Output, value: unknown, line: number): void {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw new TypeError('takes text and numbers only');
  const column = /^ */.exec(output.lineSoFar)?.[0].length ?? 0;
  output.insert('', hang(String(value).replace(/\r\n?/g, '\n'), column), line, 'text');
}

/** `{{yaml x indent=4}}`: a block whose lines stand at a column. */
export function putYaml(output: Output, value: unknown, indent: number | undefined, line: number): void {
  const before = output.lineSoFar;
  const column = indent ?? (blank(before) ? before.length : 0);
  const isBlock = Array.isArray(value) ? value.length > 0 : isMap(value) && Object.keys(value).length > 0;
  if (!blank(before)) {
    if (!isBlock) return output.insert('', jsonText(value), line, 'value');
    return output.insert(`\n${' '.repeat(column)}`, hang(yamlText(value), column), line, 'block');
  }
  const lead = ' '.repeat(Math.max(0, column - before.length));
  if (isBlock) return output.insert(lead, hang(yamlText(value), column), line, 'block');
  // An empty map among other keys adds none; as the value of the key above it is written.
  if (isMap(value) && !isValueOf(output.lastFullLine, column)) return;
  output.insert(lead, jsonText(value), line, 'value');
}

/** Whether what follows at `column` is the value of the key, or the item, that the line ends with. */
function isValueOf(above: string, column: number): boolean {
  const own = /^ */.exec(above)?.[0].length ?? 0;
  return own < column && /(:|(^| )-)\s*(#.*)?$/.test(above);
}

/** `{{file "path" indent=4}}`: a file as it is, in a block of text. */
export function putFile(output: Output, content: string, indent: number | undefined, line: number): void {
  const before = output.lineSoFar;
  if (!blank(before)) throw new TypeError('stands alone on its line; as a value: {{q (file "…")}}');
  const column = indent ?? before.length;
  const lead = ' '.repeat(Math.max(0, column - before.length));
  output.insert(lead, hang(content.replace(/\r\n?/g, '\n').replace(/\n+$/, ''), column), line, 'text');
}
