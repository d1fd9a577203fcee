import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const channels = {
  stable: 'v1.36.5+k3s1',
  'v1.35': 'v1.35.9+k3s1',
  'v1.36': 'v1.36.5+k3s1',
  'v1.37': 'v1.37.1+k3s1',
};

/** k3s' channel server, as far as it is asked; how often it was. */
export class Channels {
  asked = 0;
  readonly known: Record<string, string> = { ...channels };
  readonly #server: Server = createServer((_, response) => {
    this.asked += 1;
    const data = Object.entries(this.known).map(([id, latest]) => ({ id, type: 'channel', name: id, latest }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ type: 'collection', data }));
  });
  async open(): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
  }
  get env() {
    return { SLIPWAY_K3S_CHANNELS: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/channels` };
  }
  close(): void {
    this.#server.close();
  }
}
