import type { Server } from 'node:net';
import type { Random } from '../random.js';

/** Below what kernels give to outgoing connections, so that a remembered port is free again after a restart. */
const first = 20_000;
const count = 12_000;

/**
 * Listens on 127.0.0.1, on the remembered port where it is free.
 * @throws Error when no port is free
 */
export async function listenLocally(server: Server, remembered: number | undefined, random: Random): Promise<number> {
  let port = remembered;
  for (let tries = 0; tries < 100; tries++) {
    port ??= first + Math.floor(random.fraction() * count);
    if (await listens(server, port)) return port;
    port = undefined;
  }
  throw new Error(`no free port from ${first} to ${first + count} on 127.0.0.1`);
}

/** Listens at an address of this computer. @throws Error EADDRINUSE, EADDRNOTAVAIL */
export async function listenAt(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function listens(server: Server, port: number): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    };
    server.once('error', refused);
    server.listen({ port, host: '127.0.0.1' }, () => {
      server.off('error', refused);
      resolve(true);
    });
  });
}
