import { connect } from 'node:net';

import type { CallOptions } from '../port.js';

/**
 * Whether a port can be reached from this computer. One on which nothing listens yet is refused by the host itself, so
 * that this counts; silence does not, nor a network that knows no way.
 * @param patienceMs until silence counts as such
 */
export function reaches(
  address: string,
  port: number,
  patienceMs: number,
  { signal }: Pick<CallOptions, 'signal'>,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    // Given the signal itself, a socket keeps listening to it for good once it is destroyed.
    const socket = connect({ host: address, port });
    const close = (): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
    };
    const onAbort = (): void => {
      close();
      reject(signal.reason as Error);
    };
    const end = (answer: boolean): void => {
      close();
      resolve(answer);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.setTimeout(patienceMs, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => end(code === 'ECONNREFUSED' || code === 'ECONNRESET'));
  });
}
