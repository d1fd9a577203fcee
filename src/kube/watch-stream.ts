import type { Readable } from 'node:stream';

import { Lines } from '../domain/lines.js';
import { AnswerTooLarge } from '../http/body.js';
import type { WireEvent } from './wire.js';

/** Characters of one event: several times the largest object that etcd takes. */
const eventAtMost = 16 * 2 ** 20;

/**
 * The events of a watch, one JSON object a line, until the stream ends.
 * @throws AnswerTooLarge for a line that comes to no end
 */
export async function* watchEvents(stream: Readable): AsyncGenerator<WireEvent, void, undefined> {
  // Chunks may cut a line, or a character, anywhere.
  stream.setEncoding('utf8');
  const lines = new Lines();
  for await (const chunk of stream as AsyncIterable<string>) {
    const whole = lines.add(chunk);
    if (lines.pending > eventAtMost) throw new AnswerTooLarge(eventAtMost);
    for (const line of whole) if (line.trim() !== '') yield JSON.parse(line) as WireEvent;
  }
}
