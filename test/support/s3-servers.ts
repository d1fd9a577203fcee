import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { client } from './clients.js';

/** What S3 tools read from the environment to reach a server of these. */
export interface S3Server {
  readonly endpoint: string;
  readonly env: Readonly<Record<string, string>>;
  /** A new, empty bucket. */
  bucket(): Promise<string>;
  close(): Promise<void>;
}

export const s3Keys = { AWS_ACCESS_KEY_ID: 'slipway-test', AWS_SECRET_ACCESS_KEY: 'planted-s3-secret-key' };
const region = 'us-east-1';

/** With one thread: moto looks at a condition a moment before it writes, so that of many at once two can win. */
const motoProgram = `
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
run_simple('127.0.0.1', int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=False)
`;

/** moto: the imitation of Amazon's S3 that Python projects test with. Undefined where it is not installed. */
export async function moto(): Promise<S3Server | undefined> {
  const python = client('moto');
  if (python === undefined) return undefined;
  const server = await started(python, (port) => ['-c', motoProgram, String(port)]);
  return {
    ...server,
    bucket: async () => {
      const name = bucketName();
      const answer = await fetch(`${server.endpoint}/${name}`, {
        method: 'PUT',
        // moto wants to know whose it is, and believes it.
        headers: { authorization: `AWS4-HMAC-SHA256 Credential=x/20261120/${region}/s3/aws4_request` },
      });
      if (!answer.ok) throw new Error(`moto made no bucket: ${answer.status}`);
      return name;
    },
  };
}

/** versitygw: S3 over a folder of this computer. Two of them on one folder are one store. Undefined where it is not installed. */
export async function versitygw(
  folder = mkdtempSync(join(tmpdir(), 'slipway-s3-')),
  own = s3Keys,
): Promise<S3Server | undefined> {
  const program = client('versitygw');
  if (program === undefined) return undefined;
  const { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret } = own;
  const keys = ['--access', access, '--secret', secret, '--region', region];
  const server = await started(program, (port) => [...keys, '--port', `127.0.0.1:${port}`, '--quiet', 'posix', folder]);
  return {
    ...server,
    env: { ...server.env, ...own },
    bucket: async () => {
      const name = bucketName();
      mkdirSync(join(folder, name));
      return name;
    },
    close: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let buckets = 0;
const bucketName = (): string => `slipway-${process.pid}-${(buckets += 1)}`;

async function started(program: string, args: (port: number) => readonly string[]): Promise<Omit<S3Server, 'bucket'>> {
  const port = await freePort();
  const child = spawn(program, args(port), { stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(String(chunk)));
  const endpoint = `http://127.0.0.1:${port}`;
  await answering(endpoint, child, said);
  return { endpoint, env: { ...s3Keys, AWS_REGION: region, AWS_ENDPOINT_URL: endpoint }, close: () => ended(child) };
}

async function answering(endpoint: string, child: ChildProcess, said: readonly string[]): Promise<void> {
  const deadline = Date.now() + 90_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the S3 server ended: ${said.join('')}`);
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      return;
    if (Date.now() > deadline) {
      await ended(child);
      throw new Error(`the S3 server does not answer: ${said.join('')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
