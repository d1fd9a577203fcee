import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReleaseServer {
  /** For `installK3s`'s `baseUrl`. */
  readonly url: string;
  /** Paths asked for so far. */
  readonly requests: string[];
  /** Files by name; change it to change the release. */
  readonly files: Map<string, Buffer>;
  close(): Promise<void>;
}

export const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** The folder of a k3s release, with a right sum file for this computer's architecture. */
export async function serveRelease(binary: string): Promise<ReleaseServer> {
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const name = arch === 'amd64' ? 'k3s' : `k3s-${arch}`;
  const files = new Map<string, Buffer>([
    [name, Buffer.from(binary)],
    [
      `sha256sum-${arch}.txt`,
      Buffer.from(
        `${sha256('images')}  k3s-airgap-images-${arch}.tar\n${sha256('packed')}  k3s-airgap-images-${arch}.tar.zst\n${sha256(binary)}  ${name}\n`,
      ),
    ],
    [`k3s-airgap-images-${arch}.tar.zst`, Buffer.from('packed')],
  ]);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\//, '');
    requests.push(path);
    const file = files.get(path.split('/').at(-1)!);
    response.writeHead(file ? 200 : 404).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1.36.5%2Bk3s1`,
    requests,
    files,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
