import { randomBytes } from 'node:crypto';

/** The only way to chance, so that a test can hand in its own. */
export interface Random {
  /** `length` bytes fit for keys and tokens. */
  bytes(length: number): Buffer;
  /** In [0, 1). */
  fraction(): number;
}

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  fraction: () => randomBytes(4).readUInt32BE() / 2 ** 32,
};
