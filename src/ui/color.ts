import { styleText } from 'node:util';

/** Whether a stream takes colours: FORCE_COLOR before NO_COLOR before what it is. As bin/run.js has it for help. */
export function takesColor(
  { isTTY }: { readonly isTTY?: boolean | undefined },
  { NO_COLOR, FORCE_COLOR, TERM }: Readonly<Record<string, string | undefined>>,
): boolean {
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return !NO_COLOR && TERM !== 'dumb' && isTTY === true;
}

const ofMark = { '+': 'green', '~': 'yellow', '-': 'red' } as const;

/**
 * Colours for text that has been made printable: `+`, `~` and `-` at the begin of a plan's lines, errors and warnings.
 * Colours come last, as what is printable has none.
 */
export const colorMarks = (text: string): string =>
  text.replace(
    /^( +)([+~-])(?= )/gm,
    (_, indent: string, mark: keyof typeof ofMark) => indent + paint(ofMark[mark], mark),
  );

export const colorTrouble = (text: string): string =>
  text
    .replace(/^(Error:|✖)/gm, (word) => paint('red', word))
    .replace(/^( *\+[\d.]+s {2}\S+ {2})(FAILED:)/gm, (_, before: string, word: string) => before + paint('red', word))
    .replace(/^Warning:/gm, (word) => paint('yellow', word))
    .replace(/^Code: .*$/gm, (line) => paint('dim', line));

// What is asked of the stream was asked before.
const paint = (color: 'green' | 'yellow' | 'red' | 'dim', text: string): string =>
  styleText(color, text, { validateStream: false });
