import { setTimeout as delay } from 'node:timers/promises';

import { printableJson, printableLines } from '../domain/printable.js';

export interface LiveOptions {
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly out: NodeJS.WriteStream;
}

/** The part of a text that a screen has room for: more would scroll, and each frame would stay behind the next. */
export function fitScreen(
  text: string,
  { columns = 80, rows = 24 }: { readonly columns?: number; readonly rows?: number },
): string {
  const cut = (line: string): string => (line.length <= columns ? line : `${line.slice(0, columns - 1)}…`);
  const lines = text.split('\n').map(cut);
  // The cursor stands on a line of its own below.
  const room = Math.max(1, rows - 1);
  if (lines.length <= room) return lines.join('\n');
  const shown = lines.slice(0, room - 1);
  return [...shown, cut(`… ${lines.length - shown.length} more lines`)].join('\n');
}

/** Writes what is seen at each interval as one object a line until aborted; what cannot be seen is an object too. */
export async function liveObjects(
  look: () => Promise<unknown>,
  onError: (error: unknown) => unknown,
  {
    intervalMs,
    signal,
    out,
  }: { readonly intervalMs: number; readonly signal: AbortSignal; readonly out: Pick<NodeJS.WriteStream, 'write'> },
): Promise<void> {
  while (!signal.aborted) {
    const seen = await look().catch(onError);
    if (signal.aborted) break;
    out.write(`${printableJson(seen)}\n`);
    await delay(intervalMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Shows a text anew at each interval until aborted: in place on a terminal, as blocks elsewhere. */
export async function liveScreen(
  render: () => Promise<string>,
  onError: (error: unknown) => string,
  { intervalMs, signal, out }: LiveOptions,
): Promise<void> {
  const inPlace = out.isTTY === true;
  if (inPlace) out.write('\u001b[?25l');
  try {
    while (!signal.aborted) {
      const whole = printableLines(await render().catch(onError));
      if (signal.aborted) break;
      const text = inPlace ? fitScreen(whole, out) : whole;
      // Home, each line cleared to its end, then the rest of the screen: no flicker.
      if (inPlace) out.write(`\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[K\n\u001b[J`);
      else out.write(`${text}\n\n`);
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    if (inPlace) out.write('\u001b[?25h');
  }
}
