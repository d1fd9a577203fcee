import { connect, type Socket } from 'node:net';
import type { LimitFunction } from 'p-limit';
import type { Client } from 'ssh2';

import { IncompleteError, RefusedError } from '../errors/index.js';
import { HostKeyCheck } from './host-key-check.js';
import type { HostTarget } from './types.js';

/** Milliseconds for the TCP connection, and for everything from there to the login. */
const dialMs = 10_000;
const handshakeMs = 30_000;

/** The identity was not taken. It may be early: a machine can answer before cloud-init has placed our key. */
export class LoginRefused extends Error {}

/**
 * One try to log in. The TCP connection is made first and outside the limit, so that machines which do not answer yet
 * keep none that do from their turn.
 * @throws RefusedError codes HOST_KEY_MISMATCH, HOST_KEY_UNKNOWN; IncompleteError code SSH_IDENTITY; LoginRefused; or
 * what the network said.
 */
export async function openClient(target: HostTarget, limit: LimitFunction, signal: AbortSignal): Promise<Client> {
  signal.throwIfAborted();
  const [{ default: ssh2 }, socket] = await Promise.all([import('ssh2'), dial(target, signal)]);
  try {
    return await limit(async () => {
      signal.throwIfAborted();
      const check = new HostKeyCheck(target.name, target.address, await target.pins());
      // ssh2 waits for the whole handshake on a socket that ended before it was handed over.
      if (socket.destroyed || socket.readableEnded) throw new Error('the connection was reset before it said anything');
      return handshake(new ssh2.Client(), socket, target, check, signal);
    });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function dial({ address, port }: HostTarget, signal: AbortSignal): Promise<Socket> {
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
  client: Client,
  socket: Socket,
  target: HostTarget,
  check: HostKeyCheck,
  signal: AbortSignal,
): Promise<Client> {
  return new Promise((resolve, reject) => {
    const end = (error: Error): void => {
      signal.removeEventListener('abort', onAbort);
      client.destroy();
      reject(check.refusal ?? error);
    };
    const onAbort = (): void => end(reasonOf(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    // Stays for the client's life: a connection that breaks later is noticed by its `close`.
    client.on('error', (error) => end(errorOf(error)));
    client.once('close', () => end(new Error('the connection was closed during the handshake')));
    client.once('ready', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(client);
    });
    try {
      client.connect({
        sock: socket,
        username: target.user,
        readyTimeout: handshakeMs,
        keepaliveInterval: 10_000,
        keepaliveCountMax: 3,
        algorithms: { serverHostKey: check.algorithms },
        hostVerifier: (key: Buffer) => check.accepts(key),
        privateKey: target.identity.reveal(),
        authHandler: ['publickey'],
      });
    } catch (cause) {
      end(
        new IncompleteError(`The key for logging in to ${target.name} cannot be read.`, {
          code: 'SSH_IDENTITY',
          hint: 'Bring back the cluster’s key in the workspace from a backup.',
          cause,
        }),
      );
    }
  });
}

function errorOf(error: Error & { level?: string }): Error {
  if (error.level === 'client-authentication') return new LoginRefused(error.message);
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
