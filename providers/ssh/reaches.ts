import { connect } from 'node:net';

import type { CallOptions } from '../../src/provider/port.js';

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
    const socket = connect({ host: address, port, signal });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(patienceMs, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason as Error);
      else end(error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET');
    });
  });
}
