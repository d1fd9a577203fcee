import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** Bytes of a part: little enough for a slow line, and for a server that ends long requests. */
export const defaultPartBytes = 3 * 2 ** 19;

/** What a file has come to that is kept in parts. */
export interface Parted {
  readonly bytes: number;
  readonly sha256: string;
  /** At least one, though it be empty. */
  readonly parts: number;
}

/** Keeps a file in parts, one after the other: it is never in memory as a whole. @param keep is given the part’s number, from 1 */
export async function keepParts(
  file: string,
  partBytes: number,
  keep: (part: number, text: string) => Promise<void>,
): Promise<Parted> {
  const sum = createHash('sha256');
  let [bytes, parts] = [0, 0];
  for await (const piece of piecesOf(file, partBytes)) {
    sum.update(piece);
    bytes += piece.length;
    await keep((parts += 1), piece.toString('base64'));
  }
  return { bytes, sha256: sum.digest('hex'), parts };
}

/**
 * The parts of what was kept, one after the other. Whether they are what was kept is only known at their end.
 * @param of what it is called: `its snapshot`
 * @throws NotAsKept with the reason
 */
export async function* partsOf(
  of: string,
  { bytes, sha256, parts }: Parted,
  read: (part: number) => Promise<string | undefined>,
): AsyncGenerator<Buffer> {
  const sum = createHash('sha256');
  let found = 0;
  for (let part = 1; part <= parts; part += 1) {
    const text = await read(part);
    if (text === undefined) throw new NotAsKept(`part ${part} of ${parts} of ${of} is gone`);
    const piece = Buffer.from(text, 'base64');
    sum.update(piece);
    found += piece.length;
    yield piece;
  }
  if (found !== bytes) throw new NotAsKept(`${of} has ${found} bytes, and had ${bytes}`);
  if (sum.digest('hex') !== sha256) throw new NotAsKept(`${of} is not the one that was kept: its SHA-256 differs`);
}

export class NotAsKept extends Error {}

async function* piecesOf(file: string, partBytes: number): AsyncIterable<Buffer> {
  const handle = await open(file);
  try {
    for (let first = true; ; first = false) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(partBytes), 0, partBytes);
      if (bytesRead === 0 && !first) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
