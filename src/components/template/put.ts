import { jsonText } from '../yaml-text.js';
import { isMap } from './helpers.js';
import type { Output, Slot } from './output.js';

const blank = (text: string): boolean => text.trim() === '';

/** `{{q x}}`: a whole value. @throws TypeError for what has none */
export function putValue(output: Output, value: unknown, line: number): void {
  output.insert('', { value: sound(value), line, as: 'value' });
}

/** `{{text x}}`: bare text in a block of text, each line as far in as the one it begins on. */
export function putText(output: Output, value: unknown, line: number): void {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw new TypeError('takes text and numbers only');
  output.insert('', { value: String(value), line, as: 'text' });
}

/** `{{yaml x indent=4}}`: a whole value; alone on its line, a map adds its keys there and a list its items. */
export function putYaml(output: Output, value: unknown, indent: number | undefined, line: number): void {
  const before = output.lineSoFar;
  const as: Slot['as'] = !blank(before) ? 'value' : isMap(value) ? 'keys' : Array.isArray(value) ? 'items' : 'value';
  output.insert(lead(before, indent), { value: sound(value), line, as });
}

/** `{{file "path" indent=4}}`: a file as it is, in a block of text. */
export function putFile(output: Output, content: string, indent: number | undefined, line: number): void {
  const before = output.lineSoFar;
  if (!blank(before)) throw new TypeError('stands alone on its line; as a value: {{q (file "…")}}');
  // The line end after the helper takes the place of the file's last ones.
  let end = content.length;
  while (content[end - 1] === '\n' || content[end - 1] === '\r') end -= 1;
  output.insert(lead(before, indent), { value: content.slice(0, end), line, as: 'text' });
}

const lead = (before: string, indent: number | undefined): string =>
  blank(before) && indent !== undefined ? ' '.repeat(Math.max(0, indent - before.length)) : '';

function sound(value: unknown): unknown {
  // Says what YAML cannot hold.
  jsonText(value);
  return value;
}
