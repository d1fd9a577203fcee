import { printable } from '../domain/printable.js';

/** Columns padded to their widest cell; no borders, so that lines can be cut and grepped. Empty columns go. */
export function table(header: readonly string[], cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printable));
  const used = header.map(
    (title, column) => rows.some((row) => (row[column] ?? '') !== '') || (title !== '' && rows.length === 0),
  );
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .filter((_, column) => used[column])
      .join('  ')
      .trimEnd();
  return [header, ...rows].map((row) => line(header.map((_, column) => row[column] ?? ''))).join('\n');
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
