/** Controls (C0, DEL, C1), format characters (bidi, zero width, tags) and separators of lines: a terminal obeys them. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** `\x1b`, `\u202e`, `\u{e0041}`; what people know by a letter keeps it. */
function escapeOf(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/** Text from outside for one line of a terminal: nothing in it moves the cursor, colours, hides or reorders. */
export const printable = (text: string): string => text.replace(unprintable, escapeOf);

/** The same for text whose lines and tabs are layout. */
export const printableLines = (text: string): string =>
  text.replace(unprintable, (character) =>
    character === '\n' || character === '\t' ? character : escapeOf(character),
  );

/** JSON that reads the same, in which nothing but the layout's newlines controls a terminal. */
export const printableJson = (value: unknown, indent?: number): string =>
  // Within JSON such characters stand in strings only, where an escape means the same.
  (JSON.stringify(value, undefined, indent) ?? 'null').replace(unprintable, (character) =>
    character === '\n'
      ? character
      : character
          .split('')
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join(''),
  );

/** Whether a terminal would obey something in a text; the ends of its lines do not count. */
export const isObeyed = (text: string): boolean => text.replaceAll('\n', '').search(unprintable) !== -1;

/** YAML in which what is obeyed stands within double quotes only, as escapes that mean the same there. */
export const printableYaml = (yaml: string): string =>
  yaml.replace(unprintable, (character) => {
    if (character === '\n') return character;
    const code = character.codePointAt(0)!;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  });
