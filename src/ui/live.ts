import { setTimeout as delay } from 'node:timers/promises';

import { printableLines } from '../domain/printable.js';
import { renderError } from './errors.js';

export interface LiveOptions {
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly out: NodeJS.WriteStream;
}

/** Shows a text anew at each interval until aborted: in place on a terminal, as blocks elsewhere. */
export async function liveScreen(
  render: () => Promise<string>,
  { intervalMs, signal, out }: LiveOptions,
): Promise<void> {
  const inPlace = out.isTTY === true;
  if (inPlace) out.write('\u001b[?25l');
  try {
    while (!signal.aborted) {
      const text = printableLines(await render().catch((error: unknown) => renderError(error)));
      if (signal.aborted) break;
      // Home, each line cleared to its end, then the rest of the screen: no flicker.
      if (inPlace) out.write(`\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[K\n\u001b[J`);
      else out.write(`${text}\n\n`);
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    if (inPlace) out.write('\u001b[?25h');
  }
}
