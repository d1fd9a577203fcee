import { closeSync, createReadStream, openSync, readSync } from 'node:fs';

/** Far more than a key, a list of sums or any other file has that people write or hand over. */
const bytesAtMost = 16 * 2 ** 20;

/** A file that is larger than what it is read as could be. */
export class FileTooLarge extends Error {
  constructor(limit: number) {
    super(`it is larger than ${limit / 2 ** 20} MiB`);
    this.name = 'FileTooLarge';
  }
}

/**
 * The text of a file that people name. Read with a limit, since a path may lead to anything: a disk image, `/dev/zero`.
 * @throws FileTooLarge; what the system says of a file that cannot be read
 */
export async function readSmall(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop early closes the file.
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bytesAtMost) throw new FileTooLarge(bytesAtMost);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** As `readSmall`, at once and as bytes. */
export function readSmallSync(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let size = 0; ;) {
      const chunk = Buffer.alloc(64 * 1024);
      const got = readSync(file, chunk);
      if (got === 0) return Buffer.concat(chunks);
      size += got;
      if (size > bytesAtMost) throw new FileTooLarge(bytesAtMost);
      chunks.push(chunk.subarray(0, got));
    }
  } finally {
    closeSync(file);
  }
}
