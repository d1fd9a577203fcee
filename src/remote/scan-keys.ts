import pLimit from 'p-limit';

import { IncompleteError, messageOf, RefusedError } from '../errors/index.js';
import { algorithmsOf } from './host-key-check.js';
import { JumpHosts } from './jump-hosts.js';
import { blobType, fingerprint } from './keys.js';
import type { HostTarget } from './types.js';

/** A key by which a host proves itself, as it shows it to anybody. */
export interface ScannedKey {
  /** `ssh-ed25519` */
  readonly type: string;
  /** `ssh-ed25519 AAAA…` */
  readonly publicKey: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

/** Where to look; a jump host is logged in to, and so has to be known already. */
export type ScanEndpoint = Pick<HostTarget, 'address' | 'port' | 'jump'>;

const patienceMs = 15_000;

/** Keys that sshd makes by itself: /etc/ssh/ssh_host_{ed25519,ecdsa,rsa}_key. */
const kinds = [['ssh-ed25519'], Object.keys(algorithmsOf).filter((type) => type.startsWith('ecdsa-')), ['ssh-rsa']];

/**
 * The host keys that answer at an address, one of each kind, ed25519 first. Nothing is sent to the host but what a
 * handshake takes, and nothing is believed.
 * @throws IncompleteError code SSH_UNREACHABLE; what `openClient` throws of a jump host
 */
export async function scanHostKeys(endpoint: ScanEndpoint, signal: AbortSignal): Promise<readonly ScannedKey[]> {
  const jumps = new JumpHosts(pLimit(1));
  const given = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
  const keys: ScannedKey[] = [];
  let failure: unknown;
  try {
    // One after another: sshd turns away who knocks too often at once.
    for (const types of kinds) {
      const shown = await show(endpoint, types, jumps, given);
      if (Buffer.isBuffer(shown)) keys.push(keyOf(shown));
      else if (shown !== 'none') failure ??= shown;
    }
  } catch (error) {
    signal.throwIfAborted();
    failure ??= error;
  } finally {
    jumps.close();
  }
  if (keys.length > 0) return keys;
  if (failure instanceof RefusedError || failure instanceof IncompleteError) throw failure;
  throw new IncompleteError(`${endpoint.address}:${endpoint.port} did not answer SSH: ${messageOf(failure)}.`, {
    code: 'SSH_UNREACHABLE',
    hint: 'Check the address and the port, that a firewall lets SSH through from here, and that the host runs.',
    cause: failure,
  });
}

function keyOf(blob: Buffer): ScannedKey {
  const type = blobType(blob) ?? 'unknown';
  return { type, publicKey: `${type} ${blob.toString('base64')}`, fingerprint: fingerprint(blob) };
}

/** The key of one of these types; `none` when the host has no such; else why it can't be said. */
async function show(
  endpoint: ScanEndpoint,
  types: readonly string[],
  jumps: JumpHosts,
  signal: AbortSignal,
): Promise<Buffer | 'none' | Error> {
  const [{ default: ssh2 }, socket] = await Promise.all([import('ssh2'), jumps.dial(endpoint, signal)]);
  const client = new ssh2.Client();
  return new Promise<Buffer | 'none' | Error>((resolve) => {
    signal.addEventListener('abort', () => resolve(new Error('it said nothing in time')), { once: true });
    client.on('error', (error) => resolve(/no matching host key/.test(error.message) ? 'none' : error));
    client.once('close', () => resolve(new Error('the connection was closed')));
    client.connect({
      sock: socket,
      username: 'nobody',
      readyTimeout: patienceMs,
      algorithms: { serverHostKey: types.flatMap((type) => algorithmsOf[type] ?? []) },
      hostVerifier: (key: Buffer) => {
        resolve(Buffer.from(key));
        return false;
      },
    });
  }).finally(() => {
    client.destroy();
    socket.destroy();
  });
}
