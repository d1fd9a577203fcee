import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import type { Cli } from './cli.js';

/** Changes a value of an API's answer, found under that key. */
export type Plant = (key: string, value: unknown, path: string) => unknown;

/**
 * Stands between a command-line tool and its sandbox, and plants text in what the cloud's API answers: a project in which
 * somebody else chose the names.
 */
export class PlantingProxy {
  plant: Plant = (_, value) => value;
  readonly #file: string;
  readonly #before: string;
  readonly #server: Server;

  private constructor(cli: Cli) {
    this.#file = join(cli.sandboxFolder, 'sandbox.json');
    this.#before = readFileSync(this.#file, 'utf8');
    const { port } = JSON.parse(this.#before) as { readonly port: number };
    this.#server = createServer((asked, answer) => {
      const { method, headers, url = '/' } = asked;
      const onward = request({ port, method, headers, path: url }, (told) => {
        const chunks: Buffer[] = [];
        told.on('data', (chunk: Buffer) => chunks.push(chunk));
        told.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const body = url.startsWith('/v1') && text !== '' ? this.#planted(text, url) : text;
          answer.writeHead(told.statusCode ?? 500, { 'content-type': 'application/json' });
          answer.end(body);
        });
      });
      asked.pipe(onward);
    });
  }

  /** The sandbox must run. */
  static async before(cli: Cli): Promise<PlantingProxy> {
    const proxy = new PlantingProxy(cli);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    const info = JSON.parse(proxy.#before) as object;
    writeFileSync(proxy.#file, JSON.stringify({ ...info, port: (proxy.#server.address() as AddressInfo).port }));
    return proxy;
  }

  close(): void {
    writeFileSync(this.#file, this.#before);
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #planted(text: string, path: string): string {
    return JSON.stringify(JSON.parse(text, (key, value: unknown) => this.plant(key, value, path)));
  }
}
