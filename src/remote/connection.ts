import type { Client } from 'ssh2';

import { waitFor, type Clock } from '../domain/index.js';
import { IncompleteError, messageOf, RefusedError } from '../errors/index.js';
import { fingerprint, keyBlob } from './keys.js';
import type { HostTarget, RunOptions } from './types.js';

/** Milliseconds for one TCP connection and handshake, and between keep-alives; three missed ones end a session. */
const handshakeMs = 15_000;
const keepAliveMs = 10_000;

/** Errors after which trying again is pointless. */
const isFinal = (error: unknown): boolean => error instanceof RefusedError;

/**
 * Logs in, trying until the deadline while nothing answers.
 * @throws RefusedError code HOST_KEY_MISMATCH at once; IncompleteError codes SSH_UNREACHABLE, SSH_LOGIN_REFUSED.
 */
export async function logIn(
  target: HostTarget,
  deadlineMs: number,
  clock: Clock,
  options: RunOptions,
): Promise<Client> {
  let refusedLogins = 0;
  return waitFor<Client>(
    {
      what: `${target.name} (${target.address}:${target.port}) to accept SSH`,
      check: async (signal) => {
        try {
          return await attempt(target, signal);
        } catch (error) {
          // A key may reach a machine some seconds after sshd does; one that is still not taken never will be.
          if (error instanceof LoginRefused && (refusedLogins += 1) >= 5) throw loginRefused(target, error);
          throw error;
        }
      },
    },
    {
      clock,
      deadlineMs,
      intervalMs: 150,
      maxIntervalMs: 1500,
      code: 'SSH_UNREACHABLE',
      hint: `Check that the firewall lets port 22 through from here and that ${target.name} runs, then run the same command again.`,
      fatal: (error) => isFinal(error) || (error instanceof IncompleteError && error.code === 'SSH_LOGIN_REFUSED'),
      progress: options.progress,
      signal: options.signal,
    },
  );
}

class LoginRefused extends Error {}

function loginRefused(target: HostTarget, cause: unknown): IncompleteError {
  return new IncompleteError(`${target.name} does not take the cluster’s key for ${target.user}.`, {
    code: 'SSH_LOGIN_REFUSED',
    hint: 'Was the machine made by another workspace, or its authorized_keys changed? Delete the machine and run again to have a new one.',
    cause,
  });
}

async function attempt(target: HostTarget, signal: AbortSignal): Promise<Client> {
  const [{ default: ssh2 }, pins] = await Promise.all([import('ssh2'), target.pins()]);
  const accepted = pins.map(keyBlob);
  return new Promise<Client>((resolve, reject) => {
    const client = new ssh2.Client();
    let shown: Buffer | undefined;
    const fail = (error: unknown): void => {
      signal.removeEventListener('abort', onAbort);
      client.destroy();
      reject(error instanceof Error ? error : new Error(messageOf(error)));
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    client.once('ready', () => {
      signal.removeEventListener('abort', onAbort);
      client.removeAllListeners('error').on('error', () => {});
      resolve(client);
    });
    client.on('error', (error: Error & { level?: string }) => {
      if (shown && !accepted.some((blob) => blob.equals(shown!))) fail(mismatch(target, shown, accepted));
      else if (error.level === 'client-authentication')
        fail(new LoginRefused(`the key was not taken for ${target.user}`));
      else fail(error);
    });
    client.once('close', () => fail(new Error('the connection was closed during the handshake')));
    client.connect({
      host: target.address,
      port: target.port,
      username: target.user,
      privateKey: target.identity.reveal(),
      hostVerifier: (key: Buffer) => {
        shown = key;
        return accepted.some((blob) => blob.equals(key));
      },
      algorithms: { serverHostKey: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'] },
      readyTimeout: handshakeMs,
      keepaliveInterval: keepAliveMs,
      keepaliveCountMax: 3,
    });
  });
}

function mismatch(target: HostTarget, shown: Buffer, accepted: readonly Buffer[]): RefusedError {
  return new RefusedError(`${target.name} (${target.address}) shows a host key that is not its own.`, {
    code: 'HOST_KEY_MISMATCH',
    hint: `Somebody may be in between, or the machine was rebuilt. If it was, delete ${target.name} at the provider and run again.`,
    details: [`shown:    ${fingerprint(shown)}`, ...accepted.map((blob) => `expected: ${fingerprint(blob)}`)],
  });
}
