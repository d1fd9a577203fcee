import type { Readable } from 'node:stream';

import type { WireEvent } from './wire.js';

/** The events of a watch, one JSON object a line, until the stream ends. */
export async function* watchEvents(stream: Readable): AsyncGenerator<WireEvent, void, undefined> {
  // Chunks may cut a line, or a character, anywhere.
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as WireEvent;
  }
}
