import { printable } from '../domain/printable.js';

export interface TableOptions {
  /** How wide it may be; undefined: as wide as it is. */
  readonly columns?: number | undefined;
  /** Titles of columns that go, the first one first, until it fits. */
  readonly leaveOut?: readonly string[];
}

/**
 * Columns padded to their widest cell; no borders, so that lines can be cut and grepped. Empty columns go, then those
 * that may be left out, and the last column goes on in further lines: no cell is ever cut. Where names are so long that
 * this is not enough, each stands on a line of its own, with the other columns below it.
 */
export function table(
  header: readonly string[],
  cells: readonly (readonly string[])[],
  { columns, leaveOut = [] }: TableOptions = {},
): string {
  const rows = cells.map((row) => header.map((_, column) => printable(row[column] ?? '')));
  const filled = [...header.keys()].filter(
    (column) => rows.some((row) => row[column] !== '') || (header[column] !== '' && rows.length === 0),
  );
  const whole = layout(header, rows, filled, columns, leaveOut);
  const [first, ...others] = filled;
  const isTooWide = columns !== undefined && whole.width > columns && first !== undefined && others.length > 0;
  if (!isTooWide) return [...[header, ...rows].map(whole.line), ...leftNote(whole.left)].join('\n');
  const below = layout(header, rows, others, columns - gap.length, leaveOut);
  const lines = [header, ...rows].flatMap((row) => [
    row[first]!,
    ...below
      .line(row)
      .split('\n')
      .map((line) => `${gap}${line}`.trimEnd()),
  ]);
  return [...lines, ...leftNote(below.left)].join('\n');
}

const leftNote = (left: readonly string[]): readonly string[] =>
  left.length === 0 ? [] : [`(--wide shows ${left.join(', ')} too)`];

interface Layout {
  /** Characters of the longest line, as far as folding can help. */
  readonly width: number;
  /** Titles of the columns that were left out. */
  readonly left: readonly string[];
  readonly line: (row: readonly string[]) => string;
}

/** These columns side by side, without those of `leaveOut` that there is no room for. */
function layout(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  filled: readonly number[],
  columns: number | undefined,
  leaveOut: readonly string[],
): Layout {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  let shown = filled;
  const width = (of: (column: number) => number): number =>
    shown.reduce((sum, column) => sum + of(column) + gap.length, -gap.length);
  // The last column may be folded, but no narrower than its longest word.
  const words = (column: number): number[] => rows.flatMap((row) => row[column]!.split(' ').map((word) => word.length));
  const folded = (column: number): number =>
    column === shown.at(-1)
      ? Math.min(widths[column]!, Math.max(leastRoom, header[column]!.length, ...words(column)))
      : widths[column]!;
  const left: string[] = [];
  for (const title of leaveOut) {
    if (columns === undefined || width(folded) <= columns) break;
    const column = header.indexOf(title);
    if (!shown.includes(column)) continue;
    shown = shown.filter((other) => other !== column);
    left.push(title);
  }
  const last = shown.at(-1) ?? 0;
  const before = width((column) => (column === last ? 0 : widths[column]!));
  const room = columns === undefined ? Infinity : Math.max(leastRoom, columns - before);
  const indent = ' '.repeat(Math.max(0, before));
  const line = (row: readonly string[]): string =>
    shown
      .map((column) =>
        column === last ? wrapped(row[column]!, room).join(`\n${indent}`) : row[column]!.padEnd(widths[column]!),
      )
      .join(gap)
      .trimEnd();
  return { width: width(folded), left, line };
}

const gap = '  ';
/** Narrower than this a text is harder to read than a line that is too long. */
const leastRoom = 16;

/** Lines of whole words, each as long as there is room; a word that is longer stands alone. */
function wrapped(text: string, room: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line !== '' && line.length + 1 + word.length > room) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

/** `840 ms`, `4.1 s`, `3 min 12 s`, `2 h 5 min`. @param ms milliseconds */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.max(60, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
