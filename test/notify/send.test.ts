import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { Secret } from '../../src/domain/index.js';
import { channelSchema } from '../../src/domain/spec/notify.js';
import { send } from '../../src/notify/index.js';

let server: Server | undefined;
const folder = mkdtempSync(join(tmpdir(), 'slipway-notify-'));
afterEach(() => {
  server?.close();
  server = undefined;
});

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
/** A server that takes messages, or does not. */
async function listening(status = 200): Promise<{ readonly url: string; readonly got: Got[] }> {
  const got: Got[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook-secret`, got };
}

const message = {
  cluster: 'demo',
  event: 'heal',
  title: 'demo-web-1 was replaced – really.',
  details: ['its machine is gone'],
  at: '2026-11-26T12:00:00.000Z',
};
const values: Record<string, string> = { TEAM_TOKEN: 'a-bearer-secret' };
const secrets = {
  environment: (name: string) => (values[name] === undefined ? undefined : new Secret(values[name])),
  file: (path: string) => Promise.resolve(path === '/run/token' ? new Secret('from-a-file') : undefined),
};
const tell = (channel: Record<string, unknown>): Promise<void> =>
  send(channelSchema.parse({ name: 'one', ...channel }), message, secrets, {
    signal: AbortSignal.timeout(30_000),
  });

describe('a message', () => {
  it('reaches a webhook as JSON whose text a chat shows, with a token from a variable', async () => {
    const { url, got } = await listening();
    await tell({ type: 'webhook', url, token: { env: 'TEAM_TOKEN' } });
    expect(got[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: 'Bearer a-bearer-secret',
    });
    expect(JSON.parse(got[0]!.body)).toEqual({ text: `demo: ${message.title}\nits machine is gone`, ...message });
  });

  it('reaches ntfy with its title, in a form that headers carry, and a token from a file', async () => {
    const { url, got } = await listening();
    await tell({ type: 'ntfy', url, token: { file: '/run/token' } });
    const { headers, body } = got[0]!;
    expect(body).toBe('its machine is gone');
    expect(headers).toMatchObject({ tags: 'heal', authorization: 'Bearer from-a-file' });
    const [, encoded = ''] = /^=\?UTF-8\?B\?(.+)\?=$/.exec(String(headers['title'])) ?? [];
    expect(Buffer.from(encoded, 'base64').toString()).toBe(`demo: ${message.title}`);
  });

  it('is handed to a program as a mail', async () => {
    const file = join(folder, 'mail');
    await tell({
      type: 'mail',
      command: ['sh', '-c', 'cat >"$0"', file],
      to: ['a@b.example', 'c@b.example'],
      from: 'slipway@b.example',
    });
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^From: slipway@b\.example\nTo: a@b\.example, c@b\.example\nSubject: =\?UTF-8\?B\?/);
    expect(text).toContain('\n\ndemo-web-1 was replaced – really.\nits machine is gone\n');
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['an error', 500, 'it answered 500'],
    ['a redirect', 302, 'it answered 302'],
  ])('that is answered with %s was not told', async (_what, status, why) => {
    const { url } = await listening(status);
    await expect(tell({ type: 'webhook', url })).rejects.toThrow(why);
  });

  it('that cannot be sent is told of without the address, which may be a secret', async () => {
    const { url } = await listening();
    server!.close();
    const failed: unknown = await tell({ type: 'ntfy', url }).catch((error: unknown) => error);
    expect(String(failed)).toBe('Error: it could not be reached (ECONNREFUSED)');
  });

  it('whose secret is missing names the variable', async () => {
    await expect(tell({ type: 'webhook', url: { env: 'NO_SUCH' } })).rejects.toMatchObject({
      code: 'NOTIFY_SECRET_MISSING',
      message: 'The variable NO_SUCH, which notify.one names, is not set or empty.',
    });
  });

  it('that a program does not take is told of with what it said', async () => {
    await expect(
      tell({ type: 'mail', command: ['sh', '-c', 'echo no such user >&2; exit 67'], to: ['a@b.example'] }),
    ).rejects.toThrow('sh ended with code 67: no such user');
    await expect(tell({ type: 'mail', command: ['no-such-program'], to: ['a@b.example'] })).rejects.toThrow('ENOENT');
  });
});
