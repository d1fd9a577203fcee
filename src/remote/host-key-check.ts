import type { ServerHostKeyAlgorithm } from 'ssh2';

import { RefusedError } from '../errors/index.js';
import { blobType, fingerprint, keyBlob } from './keys.js';

const algorithmsOf: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** Judges the keys that hosts show, by the raw key and nothing else. */
export class HostKeyCheck {
  readonly #pinned: readonly Buffer[];
  /** Set when a key was refused: connecting again would only show it again. */
  refusal: RefusedError | undefined;

  /**
   * @param machine for the message
   * @param pins OpenSSH public keys; never empty
   * @throws RefusedError code HOST_KEY_UNKNOWN when there is no readable pin: nothing is ever trusted on first use.
   */
  constructor(
    private readonly machine: string,
    private readonly address: string,
    pins: readonly string[],
  ) {
    this.#pinned = pins.map(keyBlob).filter((blob) => blob !== undefined);
    if (this.#pinned.length === 0) {
      throw new RefusedError(`No host key of ${machine} is known, so it is not connected to.`, {
        code: 'HOST_KEY_UNKNOWN',
        hint: 'Run this where the cluster was created, or replace the machine.',
      });
    }
  }

  /** The pins' own algorithms first, so that a host with several keys shows the one we know; then any, to name it. */
  get algorithms(): ServerHostKeyAlgorithm[] {
    const pinned = this.#pinned.flatMap((blob) => algorithmsOf[blobType(blob) ?? ''] ?? []);
    return [...new Set([...pinned, ...Object.values(algorithmsOf).flat()])];
  }

  accepts(shown: Buffer): boolean {
    if (this.#pinned.some((blob) => blob.equals(shown))) return true;
    const known = this.#pinned.map((blob) => fingerprint(blob));
    this.refusal = new RefusedError(
      `${this.machine} (${this.address}) shows the host key ${fingerprint(shown)}, but ${known.join(' or ')} is pinned. Nothing was sent to it.`,
      {
        code: 'HOST_KEY_MISMATCH',
        hint: 'Another machine may answer at its address, or it was installed anew. If so, delete it at its provider and run the command again: a new machine takes its place. Otherwise somebody is in between: use another network.',
        details: [
          `shown:  ${fingerprint(shown)} (${blobType(shown) ?? 'unknown type'})`,
          ...known.map((print) => `pinned: ${print}`),
        ],
      },
    );
    return false;
  }
}
