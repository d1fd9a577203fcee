import { printableLines } from '../domain/printable.js';

/** The last word of a program that is made to leave: the cursor is back, and what was begun is not forgotten. */
export function leaveAtOnce(stderr: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>, commandLine: string): void {
  // A drawing hides the cursor and ends in the middle of a line.
  if (stderr.isTTY) stderr.write('\u001b[?25h\u001b[0m\n');
  stderr.write(
    `${printableLines(`Left at once; what machines were told to do may still run.\nNext: Run it again to go on from here: ${commandLine}`)}\n`,
  );
}
