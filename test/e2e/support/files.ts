import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer } from 'node:https';
import { basename, join } from 'node:path';

/** Serves the files of a folder at `https://<address>:<port>/<name>`, as a chart repository is served. */
export async function serveFolder(folder: string, tls: string, address: string, port: number): Promise<Server> {
  const [cert, key] = await Promise.all([readFile(`${tls}.crt`), readFile(`${tls}.key`)]);
  const server = createServer({ cert, key }, (request, response) => {
    readFile(join(folder, basename(new URL(request.url ?? '', 'http://x').pathname))).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return server;
}
