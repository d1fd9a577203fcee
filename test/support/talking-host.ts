import type { AddressInfo } from 'node:net';

import ssh2, { type ServerChannel } from 'ssh2';

import { generateKeyPair, type SshKeyPair } from '../../src/remote/index.js';

/** An SSH server that lets everybody in, runs nothing, and says to each command what a test has it say. */
export class TalkingHost {
  readonly key: SshKeyPair = generateKeyPair('host');
  readonly #clients = new Set<ssh2.Connection>();
  readonly #server: ssh2.Server;

  private constructor(says: (channel: ServerChannel) => void) {
    this.#server = new ssh2.Server({ hostKeys: [this.key.privateKey.reveal()] }, (client) => {
      this.#clients.add(client);
      client.on('error', () => {});
      client.on('close', () => this.#clients.delete(client));
      client.on('authentication', (login) => login.accept());
      client.on('session', (accept) =>
        accept().on('exec', (run) => {
          const channel = run();
          channel.on('error', () => {});
          channel.resume();
          says(channel);
        }),
      );
    });
  }

  static async start(says: (channel: ServerChannel) => void): Promise<TalkingHost> {
    const host = new TalkingHost(says);
    await new Promise<void>((resolve) => host.#server.listen(0, '127.0.0.1', () => resolve()));
    return host;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.end();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
