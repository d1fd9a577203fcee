import { Agent, request } from 'node:https';
import { Agent as PlainAgent, request as plainRequest } from 'node:http';

import type { ApiServer } from '../../support/conversations.js';
import { configMaps, ensure } from './kube.js';

/** What a client that asks again and again at a fixed pace got. */
export interface Got {
  readonly asked: number;
  readonly failed: number;
  /** The longest time between two answers, in milliseconds. */
  readonly longestGap: number;
}

const everyMs = 200;
const patienceMs = 2_000;

/**
 * A client that asks every 200 ms, whether the question before was answered or not, over connections that it keeps, and
 * gives up a question after two seconds.
 */
class Client {
  #asked = 0;
  #failed = 0;
  #longestGap = 0;
  #answeredAt = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly ask: (number: number) => Promise<void>) {
    this.#timer = setInterval(() => void this.#once(), everyMs);
  }

  get got(): Got {
    return { asked: this.#asked, failed: this.#failed, longestGap: Math.round(this.#longestGap) };
  }

  stop(): Got {
    clearInterval(this.#timer);
    this.#close();
    return this.got;
  }

  async #once(): Promise<void> {
    const number = (this.#asked += 1);
    try {
      await this.ask(number);
      this.#close();
    } catch {
      this.#failed += 1;
    }
  }

  #close(): void {
    const now = performance.now();
    this.#longestGap = Math.max(this.#longestGap, now - this.#answeredAt);
    this.#answeredAt = now;
  }
}

function ended(sent: ReturnType<typeof request>, body?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => sent.destroy(new Error(`no answer for ${patienceMs} ms`)), patienceMs);
    sent.on('close', () => clearTimeout(limit));
    sent.on('error', reject);
    sent.on('response', (response) => {
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 300) resolve();
        else reject(new Error(`it answered ${statusCode}`));
      });
      response.resume();
    });
    sent.end(body);
  });
}

/** Writes to the API at one address: one object, another value each time. */
export async function writer(server: ApiServer, name: string): Promise<Client> {
  await ensure(server, configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  const { ca, cert, key } = server;
  const agent = new Agent({ keepAlive: true, ca, cert, key });
  const headers = { 'content-type': 'application/merge-patch+json' };
  return new Client((number) =>
    ended(
      request(new URL(`${configMaps}/${name}`, server.url), { method: 'PATCH', headers, agent }),
      JSON.stringify({ data: { number: String(number) } }),
    ),
  );
}

/** Asks for a page, of whichever of these addresses answers: as a load balancer does that tries the next one. */
export function reader(...addresses: readonly string[]): Client {
  const agent = new PlainAgent({ keepAlive: false });
  return new Client(async () => {
    await Promise.any(addresses.map((address) => ended(plainRequest(address, { agent }))));
  });
}
