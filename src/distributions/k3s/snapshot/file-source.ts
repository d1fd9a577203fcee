import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { type BoltSource, NoDatabase } from './bolt.js';

/**
 * Works with a file that is read here and there. Each read is of some KiB of what was written a moment ago, so that it is
 * quicker done than waited for.
 */
export async function withFile<T>(path: string, work: (source: BoltSource) => Promise<T>): Promise<T> {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    return await work({
      size,
      read: (at, length) => {
        const bytes = Buffer.allocUnsafe(length);
        for (let got = 0; got < length;) {
          const more = readSync(file, bytes, got, length - got, at + got);
          if (more === 0) throw new NoDatabase('it is cut off');
          got += more;
        }
        return bytes;
      },
    });
  } finally {
    closeSync(file);
  }
}
