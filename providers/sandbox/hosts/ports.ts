import { createServer, type Server } from 'node:net';
import type { Random } from '../random.js';

/** Below what kernels give to outgoing connections, so that a remembered port is free again after a restart. */
const first = 20_000;
const count = 12_000;
/** Ports in a row. Each machine has two. */
const rowLength = 100;
const rows = count / rowLength;

/**
 * The ports of 127.0.0.1 that one sandbox gives away. They come from rows that no other sandbox touches: whoever listens on
 * the first port of a row has all of it. So a port stays its machine's while nobody listens there, be it before k3s runs or
 * while it is started again; whoever remembers the port never comes to another machine, or to what is no API at all.
 */
export class Ports {
  /** First ports of the rows that are ours. */
  readonly #rows: number[] = [];
  readonly #given = new Set<number>();
  /** Where the search goes on, so that a port that was given back is given away again as late as can be. */
  #next = 0;
  #reserving: Promise<void> | undefined;

  constructor(private readonly random: Random) {}

  /**
   * A port for a machine's life.
   * @throws Error when all rows are other sandboxes'
   */
  async take(): Promise<number> {
    for (;;) {
      const port = this.#unused();
      if (port === undefined) {
        await (this.#reserving ??= this.#reserve().finally(() => (this.#reserving = undefined)));
        continue;
      }
      this.#given.add(port);
      // Programs that are no sandboxes know nothing of rows; theirs stays marked, so that it isn't tried again.
      if (await isFree(port)) return port;
    }
  }

  /** Has ports of before a restart stay ours, with their rows where these are still free. */
  async keep(ports: readonly number[]): Promise<void> {
    for (const port of ports) {
      this.#given.add(port);
      const row = port - (port % rowLength);
      if (port >= first && port < first + count && !this.#rows.includes(row)) await this.#reserveRow(row);
    }
  }

  /** A machine is gone. */
  give(port: number): void {
    this.#given.delete(port);
  }

  /**
   * Listens on 127.0.0.1, on the remembered port where it is free.
   * @returns the port
   * @throws Error when no port is free
   */
  async listen(server: Server, remembered: number | undefined): Promise<number> {
    for (let port = remembered; ; port = undefined) {
      port ??= await this.take();
      if (await listens(server, port)) return port;
    }
  }

  #unused(): number | undefined {
    const places = this.#rows.length * (rowLength - 1);
    for (let tried = 0; tried < places; tried++) {
      const place = this.#next++ % places;
      const port = this.#rows[Math.floor(place / (rowLength - 1))]! + 1 + (place % (rowLength - 1));
      if (!this.#given.has(port)) return port;
    }
    return undefined;
  }

  async #reserve(): Promise<void> {
    const begin = Math.floor(this.random.fraction() * rows);
    for (let tried = 0; tried < rows; tried++)
      if (await this.#reserveRow(first + ((begin + tried) % rows) * rowLength)) return;
    throw new Error(`no free ports from ${first} to ${first + count} on 127.0.0.1: other sandboxes have them all`);
  }

  async #reserveRow(row: number): Promise<boolean> {
    if (this.#rows.includes(row)) return false;
    const keeper = createServer((socket) => socket.destroy());
    if (!(await listens(keeper, row))) return false;
    keeper.unref();
    this.#rows.push(row);
    return true;
  }
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

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  if (!(await listens(probe, port))) return false;
  await new Promise((resolve) => probe.close(resolve));
  return true;
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
