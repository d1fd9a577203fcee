import { createHash } from 'node:crypto';

import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { configToTry } from '../../src/domain/index.js';
import { Secret } from '../../src/domain/secret.js';
import { openStreams, type StreamHead, type Streams } from '../../src/nats/index.js';
import { client } from '../support/clients.js';
import { emptyNats, type NatsServer, natsServer } from '../support/nats-server.js';

const { signal } = new AbortController();
const options = { signal };
const encode = (value: unknown): string => JSON.stringify(value);

describe.skipIf(client('nats') === undefined)('the streams of a real server of NATS', () => {
  let server: NatsServer;
  let app: NatsConnection;
  let streams: Streams;
  const copies = new Map<string, { readonly head: StreamHead; readonly chunks: readonly Buffer[] }>();

  const api = async (subject: string, request: object = {}): Promise<Record<string, never>> =>
    (await app.request(`$JS.API.${subject}`, encode(request), { timeout: 20_000 })).json();
  const messagesOf = async (stream: string, count: number): Promise<readonly string[]> => {
    const texts: string[] = [];
    for (let seq = 1; seq <= count; seq += 1) {
      const { message } = (await api(`STREAM.MSG.GET.${stream}`, { seq })) as unknown as { message: { data: string } };
      texts.push(Buffer.from(message.data, 'base64').toString('utf8'));
    }
    return texts;
  };
  const asApp = (): Promise<NatsConnection> =>
    connect({ servers: `127.0.0.1:${server.port}`, user: 'app', pass: server.passwords.app });
  const asBackup = (): Promise<Streams> =>
    openStreams({
      host: '127.0.0.1',
      port: server.port,
      login: { user: 'backup', password: new Secret(server.passwords.backup) },
    });
  const copied = async (name: string): Promise<void> => {
    const chunks: Buffer[] = [];
    const head = await streams.snapshot(name, async (chunk) => void chunks.push(chunk), options);
    copies.set(name, { head, chunks });
  };
  async function* ofCopy(name: string, only = Infinity): AsyncIterable<Buffer> {
    for (const chunk of copies.get(name)!.chunks.slice(0, only)) yield chunk;
  }

  beforeAll(async () => {
    server = (await natsServer())!;
    app = await asApp();
    for (const [name, storage] of [
      ['ORDERS', 'file'],
      ['EMPTY', 'file'],
      ['FAST', 'memory'],
    ] as const)
      await api(`STREAM.CREATE.${name}`, { name, storage, subjects: [`${name.toLowerCase()}.*`] });
    const durable = { durable_name: 'shipping', ack_policy: 'explicit' };
    await api('CONSUMER.DURABLE.CREATE.ORDERS.shipping', { stream_name: 'ORDERS', config: durable });
    // More than one chunk, and more than a window of them.
    for (let number = 1; number <= 40; number += 1)
      await app.request('orders.new', `${number} ${randomText(100_000 + number)}`, { timeout: 20_000 });
    await app.request('fast.new', 'gone with the server');
    streams = await asBackup();
  });
  afterAll(async () => {
    await streams?.close();
    await app?.close();
    await server?.close();
  });

  it('are listed with what keeps them and how much is in them', async () => {
    expect(await streams.list(options)).toMatchObject([
      { name: 'EMPTY', storage: 'file', messages: 0 },
      { name: 'FAST', storage: 'memory', messages: 1 },
      { name: 'ORDERS', storage: 'file', messages: 40 },
    ]);
  });

  it('come back from a copy with every message and consumer after the server has lost all of them', async () => {
    const before = await messagesOf('ORDERS', 40);
    await copied('ORDERS');
    await copied('EMPTY');
    expect(copies.get('ORDERS')!.chunks.length).toBeGreaterThan(10);
    await streams.close();
    await app.close();
    await server.lose();
    [app, streams] = [await asApp(), await asBackup()];
    expect(await streams.list(options)).toEqual([]);
    for (const name of ['ORDERS', 'EMPTY'])
      expect(await streams.restore(name, copies.get(name)!.head, ofCopy(name), options)).toBe(true);
    expect(await messagesOf('ORDERS', 40)).toEqual(before);
    expect(await api('CONSUMER.NAMES.ORDERS')).toMatchObject({ consumers: ['shipping'] });
    expect(await streams.list(options)).toMatchObject([{ name: 'EMPTY' }, { name: 'ORDERS', messages: 40 }]);
  });

  it('come up in a server that is alone, also where they had three replicas, a place and an age that has passed', async () => {
    const alone = (await emptyNats())!;
    const trying = await openStreams({ host: '127.0.0.1', port: alone.port, login: undefined });
    const { head } = copies.get('ORDERS')!;
    const config = { ...head.config, num_replicas: 3, placement: { cluster: 'other' }, max_age: 1_000_000_000 };
    await expect(trying.restore('ORDERS', { ...head, config }, ofCopy('ORDERS'), options)).rejects.toMatchObject({
      code: 'NATS_FAILED',
    });
    const toTry = { ...head, config: configToTry(config) };
    expect(await trying.restore('ORDERS', toTry, ofCopy('ORDERS'), options)).toBe(true);
    let bytes = 0;
    await trying.snapshot('ORDERS', async (chunk) => void (bytes += chunk.length), options);
    expect(bytes).toBeGreaterThan(40 * 70_000);
    await trying.close();
    await alone.close();
  });

  it('are left as they are where a copy of that name is brought back', async () => {
    await app.request('orders.new', 'written since', { timeout: 20_000 });
    expect(await streams.restore('ORDERS', copies.get('ORDERS')!.head, ofCopy('ORDERS'), options)).toBe(false);
    expect((await messagesOf('ORDERS', 41)).at(-1)).toBe('written since');
  });

  it('are not made from a copy that is cut off, wherever', async () => {
    await api('STREAM.DELETE.ORDERS');
    const { head, chunks } = copies.get('ORDERS')!;
    for (const only of [0, 1, chunks.length / 2, chunks.length - 1]) {
      const cut = streams.restore('ORDERS', head, ofCopy('ORDERS', only), options);
      await expect(cut).rejects.toMatchObject({ code: 'NATS_FAILED', exitCode: 4 });
      expect((await streams.list(options)).map(({ name }) => name)).not.toContain('ORDERS');
    }
    expect(await streams.restore('ORDERS', head, ofCopy('ORDERS'), options)).toBe(true);
  });

  it('in memory cannot be copied, which is said', async () => {
    await api('STREAM.CREATE.FAST', { name: 'FAST', storage: 'memory', subjects: ['fast.*'] });
    await expect(copied('FAST')).rejects.toMatchObject({ code: 'NATS_FAILED' });
  });

  it.each([
    ['publish', (nats: NatsConnection) => nats.publish('orders.new', 'forged'), /publish/i],
    ['delete a stream', (nats: NatsConnection) => nats.publish('$JS.API.STREAM.DELETE.ORDERS'), /STREAM\.DELETE/],
    ['empty one', (nats: NatsConnection) => nats.publish('$JS.API.STREAM.PURGE.ORDERS'), /STREAM\.PURGE/],
    ['change one', (nats: NatsConnection) => nats.publish('$JS.API.STREAM.UPDATE.ORDERS', '{}'), /STREAM\.UPDATE/],
    ['make one', (nats: NatsConnection) => nats.publish('$JS.API.STREAM.CREATE.NEW', '{}'), /STREAM\.CREATE/],
    ['read a message', (nats: NatsConnection) => nats.publish('$JS.API.STREAM.MSG.GET.ORDERS', '{}'), /MSG\.GET/],
    ['make a consumer', (nats: NatsConnection) => nats.publish('$JS.API.CONSUMER.CREATE.ORDERS', '{}'), /CONSUMER/],
    ['ask of another account', (nats: NatsConnection) => nats.publish('$SYS.REQ.SERVER.PING'), /\$SYS/],
    ['listen to messages', (nats: NatsConnection) => void nats.subscribe('orders.>'), /subscription/i],
    ['listen to answers of others', (nats: NatsConnection) => void nats.subscribe('_INBOX.>'), /subscription/i],
  ])('may not be touched by the user for backups: to %s is refused', async (_what, act, why) => {
    const nats = await connect({
      servers: `127.0.0.1:${server.port}`,
      user: 'backup',
      pass: server.passwords.backup,
      inboxPrefix: '_INBOX_backup',
    });
    const refused = (async () => {
      for await (const status of nats.status()) if (status.type === 'error') return status.error.message;
      return undefined;
    })();
    act(nats);
    expect(await refused).toMatch(why);
    await nats.close();
  });

  it('are closed to a wrong password, which is told without it', async () => {
    const login = { user: 'backup', password: new Secret('planted-wrong-password') };
    const error: unknown = await openStreams({ host: '127.0.0.1', port: server.port, login }).catch(
      (one: unknown) => one,
    );
    expect(error).toMatchObject({ code: 'NATS_FAILED' });
    expect(String(error)).not.toContain('planted');
  });

  it('are given up when the server goes in the middle', async () => {
    let seen = 0;
    const cut = streams.snapshot(
      'ORDERS',
      async () => {
        seen += 1;
        if (seen === 2) await server.lose();
      },
      options,
    );
    await expect(cut).rejects.toMatchObject({ code: 'NATS_FAILED' });
  });
});

/** Text that does not pack well, the same for everybody. */
function randomText(length: number): string {
  let text = '';
  for (let part = 0; text.length < length; part += 1)
    text += createHash('sha256').update(`${length} ${part}`).digest('base64');
  return text;
}
