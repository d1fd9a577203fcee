import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ScaledClock } from '../../../../providers/sandbox/clock.js';
import { Cloud } from '../../../../providers/sandbox/hetzner-api/index.js';
import { systemRandom } from '../../../../src/domain/clock.js';
import { BookkeepingHost, profile } from './rig.js';

/** The sandbox's cloud for clients that are programs of their own and wait by the wall's clock: a hundredfold faster. */
export class FastCloud {
  readonly host = new BookkeepingHost();
  /** As long as Hetzner's are: hcloud refuses shorter ones. */
  readonly writer = 'w'.repeat(64);
  readonly reader = 'r'.repeat(64);
  readonly #cloud: Cloud;
  readonly #server: Server;

  private constructor() {
    const fast = { ...profile, timeScale: 0.01, apiLatencyMs: 120 };
    this.#cloud = new Cloud({
      profile: fast,
      clock: new ScaledClock(fast.timeScale),
      host: this.host,
      probe: this.host,
      tokens: [
        { token: this.writer, access: 'read-write' },
        { token: this.reader, access: 'read-only' },
      ],
      random: systemRandom,
    });
    this.#server = createServer((request, response) => this.#cloud.handle(request, response));
  }

  static async open(): Promise<FastCloud> {
    const made = new FastCloud();
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  close(): void {
    this.#cloud.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
