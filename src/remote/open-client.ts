import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { LimitFunction } from 'p-limit';
import type Ssh2 from 'ssh2';
import type { Client } from 'ssh2';

import { IncompleteError, RefusedError } from '../errors/index.js';
import { agentWith } from './agent.js';
import { HostKeyCheck } from './host-key-check.js';
import { LoginAttempt, privateKey } from './login-attempt.js';
import { LoginRefused } from './login-refused.js';
import type { HostTarget } from './types.js';

/** Milliseconds for the TCP connection, and for everything from there to the login. */
const dialMs = 10_000;
const handshakeMs = 30_000;

/** Makes the connection that SSH then speaks on. */
export type Dial = (signal: AbortSignal) => Promise<Duplex>;

export interface Opened {
  readonly client: Client;
  /** OpenSSH form of the key by which the host proved itself. */
  readonly hostKey: string;
}

/**
 * One try to log in. The TCP connection is made first and outside the limit, so that machines which do not answer yet
 * keep none that do from their turn.
 * @throws RefusedError codes HOST_KEY_MISMATCH, HOST_KEY_UNKNOWN; IncompleteError code SSH_IDENTITY; LoginRefused; or
 * what the network said.
 */
export async function openClient(
  target: HostTarget,
  dial: Dial,
  limit: LimitFunction,
  signal: AbortSignal,
): Promise<Opened> {
  const { default: ssh2 } = await import('ssh2');
  let check: HostKeyCheck | undefined;
  for (let asked = -1; ;) {
    signal.throwIfAborted();
    const socket = await dial(signal);
    try {
      return await limit(async () => {
        signal.throwIfAborted();
        check ??= new HostKeyCheck(target, await target.pins());
        // ssh2 waits for the whole handshake on a socket that ended before it was handed over.
        if (socket.destroyed || socket.readableEnded)
          throw new Error('the connection was reset before it said anything');
        const client = await handshake(ssh2, socket, target, check, signal);
        return { client, hostKey: check.accepted ?? '' };
      });
    } catch (error) {
      socket.destroy();
      // Each round that shows another key leaves one kind less to ask for.
      if (error === check?.refusal && check?.undecided && check.refused > asked) {
        asked = check.refused;
        continue;
      }
      throw check?.refusal ?? error;
    }
  }
}

/** By TCP, straight from this computer. */
export async function dialTcp(
  { address, port }: Pick<HostTarget, 'address' | 'port'>,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true, timeout: dialMs });
    const end = (error: Error): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => end(reasonOf(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('timeout', () => end(new Error(`no answer within ${dialMs / 1000} s`)));
    socket.once('error', (error: NodeJS.ErrnoException) => end(new Error(networkWords(error), { cause: error })));
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      socket.setTimeout(0);
      socket.removeAllListeners();
      // Between here and the handshake a reset must not end the process; it is looked for before the handshake.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

async function handshake(
  ssh2: typeof Ssh2,
  socket: Duplex,
  target: HostTarget,
  check: HostKeyCheck,
  signal: AbortSignal,
): Promise<Client> {
  const client = new ssh2.Client();
  let attempt: LoginAttempt | undefined;
  return new Promise((resolve, reject) => {
    const end = (error: Error): void => {
      signal.removeEventListener('abort', onAbort);
      client.destroy();
      reject(check.refusal ?? error);
    };
    const onAbort = (): void => end(reasonOf(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays for the client's life: a connection that breaks later is noticed by its `close`.
    client.on('error', (error) => end(errorOf(target, error, attempt)));
    client.once('close', () => end(new Error('the connection was closed during the handshake')));
    client.once('ready', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(client);
    });
    try {
      const identity = target.identity.reveal();
      attempt = new LoginAttempt(
        target.user,
        target.agent === undefined
          ? { key: privateKey(ssh2, identity) }
          : { agent: agentWith(ssh2, target.agent, identity) },
      );
      attempt.listen(client);
      client.connect({
        sock: socket,
        username: target.user,
        readyTimeout: handshakeMs,
        keepaliveInterval: 10_000,
        keepaliveCountMax: 3,
        algorithms: { serverHostKey: check.algorithms },
        hostVerifier: (key: Buffer) => check.accepts(key),
        authHandler: attempt.handler,
      });
    } catch (cause) {
      end(
        new IncompleteError(`The key for logging in to ${target.name} cannot be read.`, {
          code: 'SSH_IDENTITY',
          hint: target.owned
            ? 'Name the right key as provider.identity in the cluster file.'
            : 'Bring back the cluster’s key in the workspace from a backup.',
          cause,
        }),
      );
    }
  });
}

function errorOf(target: HostTarget, error: Error & { level?: string }, attempt: LoginAttempt | undefined): Error {
  if (error.level === 'client-authentication' && attempt) return new LoginRefused(target, attempt, error.message);
  return new Error(networkWords(error), { cause: error });
}

function networkWords(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'the connection was refused';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was reset';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to it';
    case 'ETIMEDOUT':
      return 'no answer';
    case undefined:
    default:
      return error.message || 'the connection failed';
  }
}

/** Whether trying again can't help. */
export function isFinal(error: unknown): boolean {
  return error instanceof RefusedError || error instanceof IncompleteError;
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
