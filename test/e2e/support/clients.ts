import { Agent, request } from 'node:https';
import { Agent as PlainAgent, request as plainRequest } from 'node:http';

import type { ApiServer } from '../../support/conversations.js';
import { configMaps, ensure } from './kube.js';

/** What a client that asks again and again at a fixed pace got. */
export interface Got {
  readonly asked: number;
  readonly failed: number;
  /**
   * The longest row of questions that got no answer, in milliseconds of its pace. Told in questions and not by the clock:
   * a machine so busy that nobody asks for a while says nothing about who would have answered.
   */
  readonly longestGap: number;
}

const everyMs = 200;
const patienceMs = 2_000;

/**
 * A client that asks every 200 ms, whether the question before was answered or not, over connections that it keeps, and
 * gives up a question after two seconds.
 */
class Client {
  /** By the number of the question, from 1: whether it was answered. Those still open are not in it. */
  readonly #answered = new Map<number, boolean>();
  #asked = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly ask: (number: number) => Promise<void>) {
    this.#timer = setInterval(() => void this.#once(), everyMs);
  }

  stop(): Got {
    clearInterval(this.#timer);
    const ends = Array.from({ length: this.#asked }, (_, index) => this.#answered.get(index + 1));
    let row = 0;
    const rows = ends.map((answered) => (row = answered === false ? row + 1 : 0));
    const failed = ends.filter((answered) => answered === false).length;
    return { asked: this.#asked, failed, longestGap: everyMs * Math.max(0, ...rows) };
  }

  async #once(): Promise<void> {
    const number = (this.#asked += 1);
    await this.ask(number).then(
      () => this.#answered.set(number, true),
      () => this.#answered.set(number, false),
    );
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
