import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { createInterface } from 'node:readline';

import { parse } from 'yaml';

/** A Kubernetes API and who asks it: a client certificate, a token, or nobody. */
export interface ApiServer {
  /** `https://192.0.2.7:6443`, or plain http where the caller is known already. */
  readonly url: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
  /** How long an answer may be silent; a minute where nothing is said. */
  readonly timeoutMs?: number;
}

export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The current context of a kubeconfig that holds its certificates, or its token, itself. */
export function serverOf(kubeconfig: string): ApiServer {
  const config = parse(kubeconfig) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const [cluster, user] = [config.clusters[0]?.cluster ?? {}, config.users[0]?.user ?? {}];
  const decoded = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString('utf8');
  return {
    url: cluster['server'] ?? '',
    ca: decoded(cluster['certificate-authority-data']),
    cert: decoded(user['client-certificate-data']),
    key: decoded(user['client-key-data']),
    ...(user['token'] === undefined ? {} : { token: user['token'] }),
  };
}

function open(server: ApiServer, { method, path, headers, body }: HttpRequest): Promise<IncomingMessage> {
  const secure = server.url.startsWith('https:');
  const authorization = server.token === undefined ? {} : { authorization: `Bearer ${server.token}` };
  const { ca, cert, key, timeoutMs = 60_000 } = server;
  return new Promise((resolve, reject) => {
    const request = (secure ? httpsRequest : httpRequest)(
      new URL(path, server.url),
      {
        method,
        // Node leaves the length of a DELETE's body out, and a server then takes it for one without a body.
        headers: {
          ...headers,
          ...authorization,
          ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
        },
        timeout: timeoutMs,
        agent: false,
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined || key === undefined ? {} : { cert, key }),
      },
      resolve,
    );
    request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer for ${timeoutMs / 1000} s`)));
    request.on('error', reject);
    request.end(body);
  });
}

export async function ask(server: ApiServer, request: HttpRequest): Promise<HttpAnswer> {
  const response = await open(server, request);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

export interface Watched {
  readonly status: number;
  /** The lines of the answer, each parsed. */
  readonly events: readonly unknown[];
}

/**
 * Opens a watch, does something while it is open, and reads until it has `count` events, the server ends it, or
 * nothing more came for 15 seconds.
 */
export async function watch(
  server: ApiServer,
  request: HttpRequest,
  count: number,
  during: () => Promise<void>,
): Promise<Watched> {
  const response = await open(server, request);
  const events: unknown[] = [];
  const read = (async () => {
    for await (const line of createInterface({ input: response })) {
      if (line.trim() !== '') events.push(JSON.parse(line));
      if (events.length >= count) break;
    }
  })();
  await during();
  const silence = setTimeout(() => response.destroy(), 15_000);
  try {
    await read;
  } catch (error) {
    if (!response.destroyed) throw error;
  } finally {
    clearTimeout(silence);
    response.destroy();
  }
  return { status: response.statusCode ?? 0, events };
}
