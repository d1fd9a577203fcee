import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that the hosts reach, and what it was asked. */
export interface Counted {
  readonly port: number;
  /** Requests that would change something, from an address; `bearer` is what they showed. */
  writes(from: string): readonly { readonly path: string; readonly bearer: string }[];
  close(): Promise<void>;
}

/** The API of a provider of DNS, as far as it takes to count who writes to it: it takes whatever comes. */
export const countedDns = (): Promise<Counted> => counted((_, response) => void response.end('{}'));

/** Stands before a server of S3, and hands on what comes as it is: what is signed stays so. */
export const countedS3 = (endpoint: string): Promise<Counted> =>
  counted((asked, response) => {
    const { hostname, port } = new URL(endpoint);
    const { method, url: path, headers } = asked;
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    asked.pipe(onward);
  });

async function counted(answer: (asked: IncomingMessage, response: ServerResponse) => void): Promise<Counted> {
  const seen: { readonly from: string; readonly path: string; readonly bearer: string }[] = [];
  const server: Server = createServer((asked, response) => {
    if (asked.method !== 'GET' && asked.method !== 'HEAD') {
      const from = asked.socket.remoteAddress!.replace('::ffff:', '');
      seen.push({ from, path: asked.url!, bearer: asked.headers.authorization ?? '' });
    }
    answer(asked, response);
  }).listen(0, '0.0.0.0');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    writes: (address) => seen.filter(({ from }) => from === address),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
