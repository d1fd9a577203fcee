import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as bodyOf } from 'node:stream/consumers';

import { s3Keys, type S3Server } from './s3-servers.js';

interface Kept {
  readonly text: string;
  readonly tag: string;
  readonly meta: Readonly<Record<string, string>>;
}

export interface SmallS3Options {
  /**
   * `late`: looks at conditions, but a moment before it writes, as several servers do: in sequence nothing is wrong with
   * it, and of many at once several win. `if-match-ignored`: heeds the other one.
   */
  readonly conditions?: 'kept' | 'ignored' | 'late' | 'if-match-ignored' | 'not-implemented';
  /** Asked before each request. `cut` ends the connection at once, `cut-after` once the work is done. */
  readonly trouble?: (method: string, key: string, nth: number) => 'cut' | 'cut-after' | Trouble | undefined;
}

export interface Trouble {
  readonly status: number;
  readonly code: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SmallS3 extends S3Server {
  /** What is in the buckets, by `bucket/key`. */
  readonly objects: Map<string, Kept>;
  readonly seen: { readonly method: string; readonly path: string; readonly headers: IncomingMessage['headers'] }[];
}

/** An S3 of one process that does what a test wants to see, lies about conditional writes among it. */
export async function smallS3({ conditions = 'kept', trouble }: SmallS3Options = {}): Promise<SmallS3> {
  const objects = new Map<string, Kept>();
  const seen: SmallS3['seen'] = [];

  const refuse = (response: ServerResponse, { status, code, headers }: Trouble): void => {
    response
      .writeHead(status, headers)
      .end(`<Error><Code>${code}</Code><Message>as the test wants it</Message></Error>`);
  };

  const violated = (path: string, headers: IncomingMessage['headers']): Trouble | undefined => {
    const there = objects.get(path);
    const match = headers['if-match'];
    if (conditions === 'ignored') return undefined;
    if (headers['if-none-match'] === '*' && there) return { status: 412, code: 'PreconditionFailed' };
    if (match === undefined || conditions === 'if-match-ignored') return undefined;
    return there === undefined
      ? { status: 404, code: 'NoSuchKey' }
      : there.tag === match
        ? undefined
        : { status: 412, code: 'PreconditionFailed' };
  };

  const put = async (path: string, request: IncomingMessage, text: string): Promise<Trouble | undefined> => {
    const conditional = 'if-match' in request.headers || 'if-none-match' in request.headers;
    if (conditional && conditions === 'not-implemented') return { status: 501, code: 'NotImplemented' };
    const no = violated(path, request.headers);
    if (no) return no;
    if (conditions === 'late') await new Promise((resolve) => setTimeout(resolve, 30));
    const meta = Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-meta-'));
    const tag = `"${createHash('md5').update(text).digest('hex')}"`;
    objects.set(path, { text, tag, meta: Object.fromEntries(meta) as Record<string, string> });
    return undefined;
  };

  const list = (bucket: string, prefix: string): string => {
    const keys = [...objects.keys()].filter((path) => path.startsWith(`${bucket}/${prefix}`)).sort();
    const contents = keys.map((path) => {
      const key = path.slice(bucket.length + 1);
      return `<Contents><Key>${key}</Key><Size>${Buffer.byteLength(objects.get(path)!.text)}</Size></Contents>`;
    });
    return `<ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`;
  };

  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url!, 'http://small');
      const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(url.pathname))!;
      const path = `${bucket}/${key}`;
      const method = request.method!;
      seen.push({ method, path, headers: request.headers });
      const text = await bodyOf(request);
      const wish = trouble?.(method, key, seen.length);
      if (wish === 'cut') return void request.socket.destroy();
      if (typeof wish === 'object') return refuse(response, wish);
      const no = method === 'PUT' ? await put(path, request, text) : undefined;
      if (method === 'DELETE') objects.delete(path);
      if (wish === 'cut-after') return void request.socket.destroy();
      if (no) return refuse(response, no);
      if (method !== 'GET') return void response.writeHead(method === 'DELETE' ? 204 : 200).end();
      if (key === '') return void response.end(list(bucket, url.searchParams.get('prefix') ?? ''));
      const there = objects.get(path);
      if (!there) return refuse(response, { status: 404, code: 'NoSuchKey' });
      response.writeHead(200, { etag: there.tag, ...there.meta }).end(there.text);
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    env: { ...s3Keys, AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: endpoint },
    objects,
    seen,
    bucket: () => Promise.resolve('small'),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
