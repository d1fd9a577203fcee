/** Characters that some readers take for the end of a line, or drop: written as escapes only. */
const unsafe = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;
const escaped = (text: string): string =>
  text.replace(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Text that no version of YAML takes for anything but itself, without quotes. Some readers take `e0` for a number. */
const plain = /^(?![eE][0-9])[A-Za-z/][-A-Za-z0-9_./]*$/;
/** What a reader of YAML 1.1, as Go programs are, takes for a boolean or for nothing. */
const words = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n', 'null']);
/** Text of several lines that stays itself in a block: it begins with a sign and has no control characters. */
const block = /^[!-~][ -~\u00a1-\u2027\u2030-\ud7ff\ue000-\ufdcf\n]*$/;
/** YAML takes no longer ones without a question mark before them. */
const longestKey = 1000;

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
 * 1.2, gets the same value back. Keys keep their order; those without a value (undefined) are left out.
 * @throws TypeError as `jsonText` does.
 */
export function yamlText(value: unknown): string {
  return isBlock(value) ? blockText(value, '') : jsonText(value);
}

type Block = Readonly<Record<string, unknown>> | readonly unknown[];

const isBlock = (value: unknown): value is Block =>
  typeof value === 'object' && value !== null && Object.values(value).some((entry) => entry !== undefined);

/** The lines of a block; the first without its indentation. */
function blockText(value: Block, indent: string): string {
  const lines = Array.isArray(value)
    ? value.map((entry) => `- ${isBlock(entry) ? blockText(entry, `${indent}  `) : scalarText(entry, indent)}`)
    : Object.entries(value)
        .filter(([, entry]) => entry !== undefined)
        .map(([key, entry]) => `${keyText(key, indent)}:${entryText(entry, indent)}`);
  return lines.join(`\n${indent}`);
}

function keyText(key: string, indent: string): string {
  const text = isPlain(key) ? key : jsonText(key);
  return text.length > longestKey ? `? ${text}\n${indent}` : text;
}

function entryText(entry: unknown, indent: string): string {
  const inner = `${indent}  `;
  return isBlock(entry) ? `\n${inner}${blockText(entry, inner)}` : ` ${scalarText(entry, indent)}`;
}

/** `indent` is that of the key or the dash. */
function scalarText(value: unknown, indent: string): string {
  if (typeof value !== 'string') return jsonText(value);
  if (isPlain(value)) return value;
  // Empty lines at the end would hang on what comes after the block, and at the end of a file nothing does.
  if (!value.includes('\n') || value.endsWith('\n\n') || !block.test(value)) return jsonText(value);
  const content = value.endsWith('\n') ? value.slice(0, -1) : value;
  const chomp = value.endsWith('\n') ? '' : '-';
  return `|${chomp}\n${content.replace(/^(?=.)/gm, `${indent}  `)}`;
}

const isPlain = (text: string): boolean => plain.test(text) && !words.has(text.toLowerCase());
