import { Document, Scalar, visit } from 'yaml';

/** Characters that some readers take for the end of a line, or drop, and halves of pairs: written as escapes only. */
const unsafe =
  /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const escaped = (text: string): string =>
  text.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Text that no version of YAML takes for anything but itself, without quotes. */
const plain = /^[A-Za-z/][-A-Za-z0-9_./]*$/;
/** What a reader of YAML 1.1, as Go programs are, takes for a boolean or for nothing. */
const words = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n', 'null']);
/** Text of several lines that stays itself in a block: begins with a letter, has no control characters. */
const block = /^[!-~][ -~\u00a1-\u2027\u2030-\ud7ff\ue000-\ufdcf\n]*\n[^]*$/;

function styleOf(text: string): Scalar.Type {
  if (plain.test(text) && !words.has(text.toLowerCase())) return Scalar.PLAIN;
  return block.test(text) && !/[^ -~\u00a1-\u2027\u2030-\ud7ff\ue000-\ufdcf\n]/.test(text)
    ? Scalar.BLOCK_LITERAL
    : Scalar.QUOTE_DOUBLE;
}

/**
 * A value as JSON on one line, which is YAML too, of any version.
 * @throws TypeError for what YAML cannot hold: undefined, functions, infinite numbers.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, (_key, entry: unknown) => {
    if (typeof entry === 'number' && !Number.isFinite(entry)) throw new TypeError(`${entry} is no number here`);
    return entry;
  }) as string | undefined;
  if (text === undefined) throw new TypeError('it has no value');
  return escaped(text);
}

/**
 * A map or list as YAML in block style, without an end of line; anything else as JSON. Whoever reads it, as YAML 1.1 or
 * 1.2, gets the same value back.
 * @throws TypeError as `jsonText` does.
 */
export function yamlText(value: unknown): string {
  const sound: unknown = JSON.parse(jsonText(value));
  if (typeof sound !== 'object' || sound === null) return jsonText(value);
  const document = new Document(sound, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (key, node) => {
      if (typeof node.value !== 'string') return;
      const style = styleOf(node.value);
      node.type = key === 'key' && style === Scalar.BLOCK_LITERAL ? Scalar.QUOTE_DOUBLE : style;
    },
  });
  const text = document.toString({ lineWidth: 0, doubleQuotedAsJSON: true, flowCollectionPadding: false });
  return escaped(text).replace(/\n$/, '');
}

/** The same value with the keys of every map in alphabetical order, so that equal values give equal text. */
export function canonical<T>(value: T): T {
  if (Array.isArray(value)) return value.map((entry: unknown) => canonical(entry)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, entry]) => [key, canonical(entry as unknown)])) as T;
}
