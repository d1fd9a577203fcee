import type { ServerHostKeyAlgorithm } from 'ssh2';

import { RefusedError } from '../errors/index.js';
import { blobType, fingerprint, keyBlob } from './keys.js';
import type { HostTarget } from './types.js';

/** Signature algorithms by the type of the key. */
export const algorithmsOf: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** A fingerprint as `fingerprint` gives it; undefined for anything else. */
const fingerprintPin = (pin: string): string | undefined => /^SHA256:[A-Za-z0-9+/]{43}$/.exec(pin.trim())?.[0];

/** Judges the keys that a host shows, by the raw key or its fingerprint and nothing else. */
export class HostKeyCheck {
  /** OpenSSH form of the key that was accepted. */
  accepted: string | undefined;
  /** Set when a key was refused. */
  refusal: RefusedError | undefined;
  readonly #types: readonly string[];
  readonly #pinned: ReadonlySet<string>;
  readonly #byFingerprint: boolean;
  readonly #refused = new Set<string>();

  /**
   * @param pins OpenSSH public keys or fingerprints; never empty
   * @throws RefusedError code HOST_KEY_UNKNOWN when there is no readable pin: nothing is ever trusted on first use.
   */
  constructor(
    private readonly target: Pick<HostTarget, 'name' | 'address' | 'port' | 'owned'>,
    pins: readonly string[],
  ) {
    const blobs = pins.map(keyBlob).filter((blob) => blob !== undefined);
    const prints = pins.map(fingerprintPin).filter((print) => print !== undefined);
    this.#types = blobs.map((blob) => blobType(blob) ?? '');
    this.#pinned = new Set([...blobs.map((blob) => fingerprint(blob)), ...prints]);
    this.#byFingerprint = prints.length > 0;
    if (this.#pinned.size === 0) {
      throw new RefusedError(`No host key of ${target.name} is known, so it is not connected to.`, {
        code: 'HOST_KEY_UNKNOWN',
        hint: target.owned
          ? `See its keys and compare them: ${scanCommand(target)}`
          : 'Let the cluster vouch for it: `slipway cluster adopt` with the cluster’s name.',
      });
    }
  }

  /**
   * What to ask the host for. The pins' own algorithms first, so that a host with several keys shows the one we know;
   * then any, to name it. Those of a key that was refused are not asked for again.
   */
  get algorithms(): ServerHostKeyAlgorithm[] {
    const desired = [...this.#types, ...Object.keys(algorithmsOf)];
    return [...new Set(desired.filter((type) => !this.#refused.has(type)).flatMap((type) => algorithmsOf[type] ?? []))];
  }

  /** Whether another of its keys may be the one: a fingerprint does not tell the kind of its key. */
  get undecided(): boolean {
    return this.#byFingerprint && this.refusal !== undefined && this.algorithms.length > 0;
  }

  /** How many kinds of its keys were refused so far. */
  get refused(): number {
    return this.#refused.size;
  }

  accepts(shown: Buffer): boolean {
    const print = fingerprint(shown);
    const type = blobType(shown) ?? 'unknown type';
    if (this.#pinned.has(print)) {
      this.accepted = `${type} ${shown.toString('base64')}`;
      return true;
    }
    this.#refused.add(type);
    const known = [...this.#pinned];
    const { name, address, owned } = this.target;
    // Of several that do not fit, the first is the one that the host prefers.
    this.refusal ??= new RefusedError(
      `${name} (${address}) shows the host key ${print}, but ${known.join(' or ')} is pinned. Nothing was sent to it.`,
      {
        code: 'HOST_KEY_MISMATCH',
        hint: owned
          ? `Another machine may answer at its address, or it was installed anew. If so, look at its keys with ${scanCommand(this.target)}, compare them on its own console, and put the right one into the cluster file. Otherwise somebody is in between: use another network.`
          : 'Another machine may answer at its address, its key may have been changed, or somebody is in between. `slipway cluster adopt` with the cluster’s name asks the cluster which key is the right one. If the machine was installed anew, delete it at its provider: the next run makes a new one.',
        details: [`shown:  ${print} (${type})`, ...known.map((pin) => `pinned: ${pin}`)],
      },
    );
    return false;
  }
}

const scanCommand = ({ address, port }: Pick<HostTarget, 'address' | 'port'>): string =>
  `\`slipway host scan ${address}${port === 22 ? '' : `:${port}`}\``;
