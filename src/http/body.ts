/** An answer that is larger than anything it could rightly be. What came of it was thrown away. */
export class AnswerTooLarge extends Error {
  constructor(readonly limit: number) {
    super(`the answer is larger than ${sizeText(limit)}`);
    this.name = 'AnswerTooLarge';
  }
}

/** A bound in words: `16 MiB`. */
export const sizeText = (bytes: number): string =>
  bytes >= 2 ** 20 ? `${Math.floor(bytes / 2 ** 20)} MiB` : `${Math.max(1, Math.floor(bytes / 1024))} KiB`;

/**
 * Reads a body to its end, but never more than `limit` bytes of it: whoever answers does not decide how much memory
 * is taken. What is packed counts unpacked.
 * @throws AnswerTooLarge; whatever the source throws.
 */
export async function readBody(source: AsyncIterable<Uint8Array> | null, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early closes the source, and with it the connection.
  for await (const chunk of source ?? []) {
    size += chunk.length;
    if (size > limit) throw new AnswerTooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** As `readBody`, as text. */
export const readText = async (source: AsyncIterable<Uint8Array> | null, limit: number): Promise<string> =>
  (await readBody(source, limit)).toString('utf8');
