import type { Duplex } from 'node:stream';
import type { LimitFunction } from 'p-limit';
import type { Client } from 'ssh2';

import { dialTcp, openClient } from './open-client.js';
import type { HostTarget } from './types.js';

/** Connections through hosts on the way. A jump host is logged in to once, for all that lie behind it. */
export class JumpHosts {
  readonly #clients = new Map<string, Promise<Client>>();
  readonly #life = new AbortController();

  constructor(private readonly limit: LimitFunction) {}

  /** By TCP, or by a channel of the jump host. @throws as `openClient`, and what the network said on either leg. */
  async dial(target: Pick<HostTarget, 'address' | 'port' | 'jump'>, signal: AbortSignal): Promise<Duplex> {
    if (!target.jump) return dialTcp(target, signal);
    const client = await this.#client(target.jump);
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      client.forwardOut('127.0.0.1', 0, target.address, target.port, (error, channel) => {
        if (error) return reject(new Error(`${target.jump!.name} cannot reach it: ${error.message}`, { cause: error }));
        channel.on('error', () => {});
        resolve(channel);
      });
    });
  }

  close(): void {
    this.#life.abort(new Error('the session was closed'));
    for (const opening of this.#clients.values()) void opening.then((client) => client.end()).catch(() => {});
    this.#clients.clear();
  }

  async #client(jump: HostTarget): Promise<Client> {
    const key = JSON.stringify([jump.address, jump.port, jump.user, await jump.pins()]);
    const open = this.#clients.get(key);
    if (open) return open;
    const { signal } = this.#life;
    const opening = openClient(jump, (dialSignal) => dialTcp(jump, dialSignal), this.limit, signal).then(
      ({ client }) => client,
      (error: unknown) => {
        this.#clients.delete(key);
        throw error;
      },
    );
    this.#clients.set(key, opening);
    const client = await opening;
    client.once('close', () => {
      if (this.#clients.get(key) === opening) this.#clients.delete(key);
    });
    return client;
  }
}
