import { connect, createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';

import { IncompleteError, messageOf } from '../errors/index.js';
import type { NatsAccess, StreamFacts, StreamHead, StreamOptions, Streams } from './types.js';

/** What the user for backups may subscribe to. */
const inboxPrefix = '_INBOX_backup';
/** Milliseconds until an answer is given up; a stream of many messages is checked before its snapshot begins. */
const answerMs = 60_000;
const connectMs = 10_000;
/** Milliseconds without a chunk until a snapshot is given up. */
const silenceMs = 30_000;
/** Less than a server takes at once where it is not told otherwise, which is 1 MiB. */
const chunkBytes = 256 * 1024;
/** What a server sends before it has heard that something arrived. */
const windowBytes = 4 * chunkBytes;
/** Chunks under way to a server at a time. */
const atOnce = 8;
/** JetStream’s own numbers of that error: of a restore, and of a cluster that knows of another stream of that name. */
const nameInUse = [10130, 10058];

const record = z.record(z.string(), z.unknown());
const failed = z.object({ error: z.object({ err_code: z.number().optional(), description: z.string().optional() }) });
const names = z.object({ streams: z.array(z.string()).nullish(), total: z.number() });
const info = z.object({
  config: z.looseObject({ storage: z.enum(['file', 'memory']) }),
  state: z.looseObject({ messages: z.number(), bytes: z.number() }),
});
const snapshotBegun = z.object({ config: record, state: record });
const restoreBegun = z.object({ deliver_subject: z.string() });

/** @throws IncompleteError code NATS_FAILED */
export async function openStreams({ host, port, login }: NatsAccess): Promise<Streams> {
  try {
    const connection = await connect({
      servers: `${host}:${port}`,
      name: 'slipway backup',
      inboxPrefix,
      timeout: connectMs,
      // A copy that was cut off is begun anew by whoever wanted it.
      reconnect: false,
      ignoreClusterUpdates: true,
      ...(login ? { user: login.user, pass: login.password.reveal() } : {}),
    });
    return new NatsStreams(connection);
  } catch (error) {
    throw natsFailed('NATS did not let us in', error);
  }
}

/** The API of JetStream behind its subjects, as far as copies need it. */
class NatsStreams implements Streams {
  constructor(private readonly connection: NatsConnection) {}

  async list(options: StreamOptions): Promise<readonly StreamFacts[]> {
    const all: string[] = [];
    for (;;) {
      const page = await this.#ask('STREAM.NAMES', { offset: all.length }, names, options);
      const { streams } = page;
      all.push(...(streams ?? []));
      if (!streams || streams.length === 0 || all.length >= page.total) break;
    }
    const found: StreamFacts[] = [];
    for (const name of all.sort()) {
      const { config, state } = await this.#ask(`STREAM.INFO.${name}`, {}, info, options);
      found.push({ name, storage: config.storage, messages: state.messages, bytes: state.bytes });
    }
    return found;
  }

  async snapshot(name: string, write: (chunk: Buffer) => Promise<void>, options: StreamOptions): Promise<StreamHead> {
    const { signal, progress } = options;
    const deliver = createInbox(inboxPrefix);
    const chunks = this.connection.subscribe(deliver);
    const abort = (): void => chunks.unsubscribe();
    signal.addEventListener('abort', abort, { once: true });
    let silent: NodeJS.Timeout | undefined;
    const heard = (): void => {
      clearTimeout(silent);
      silent = setTimeout(abort, silenceMs);
    };
    try {
      const request = { deliver_subject: deliver, chunk_size: chunkBytes, window_size: windowBytes, jsck: true };
      const { config, state } = await this.#ask(`STREAM.SNAPSHOT.${name}`, request, snapshotBegun, options);
      heard();
      let bytes = 0;
      for await (const message of chunks) {
        heard();
        if (message.data.length === 0) {
          refuseCutOff(name, message);
          return { config, state };
        }
        await write(Buffer.from(message.data));
        bytes += message.data.length;
        progress?.(bytes);
        // Whoever does not say so gets no more.
        message.respond();
      }
      signal.throwIfAborted();
      throw natsFailed(`The copy of the stream ${name} was cut off after ${bytes} bytes`);
    } finally {
      clearTimeout(silent);
      signal.removeEventListener('abort', abort);
      chunks.unsubscribe();
    }
  }

  async restore(
    name: string,
    { config, state }: StreamHead,
    chunks: AsyncIterable<Buffer>,
    options: StreamOptions,
  ): Promise<boolean> {
    const begun = await this.#asked(`STREAM.RESTORE.${name}`, { config, state }, options);
    const refused = failed.safeParse(begun).data?.error;
    if (nameInUse.includes(refused?.err_code ?? 0)) return false;
    const { deliver_subject: to } = read(`STREAM.RESTORE.${name}`, begun, restoreBegun);
    let bytes = 0;
    let sent: Promise<unknown>[] = [];
    const flush = async (): Promise<void> => {
      for (const answer of await Promise.all(sent)) refuseFailure(`The copy of the stream ${name}`, answer);
      sent = [];
      options.progress?.(bytes);
    };
    for await (const part of chunks) {
      for (let at = 0; at < part.length; at += chunkBytes) {
        options.signal.throwIfAborted();
        const chunk = part.subarray(at, at + chunkBytes);
        bytes += chunk.length;
        sent.push(this.#send(to, chunk));
        if (sent.length === atOnce) await flush();
      }
    }
    await flush();
    const made = await this.#send(to, Buffer.alloc(0));
    refuseFailure(`The copy of the stream ${name}`, made);
    refuseOther(name, state, made);
    return true;
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  async #ask<T>(subject: string, request: object, form: z.ZodType<T>, options: StreamOptions): Promise<T> {
    return read(subject, await this.#asked(subject, request, options), form);
  }

  async #asked(subject: string, request: object, { signal }: StreamOptions): Promise<unknown> {
    signal.throwIfAborted();
    return this.#send(`$JS.API.${subject}`, Buffer.from(JSON.stringify(request)));
  }

  async #send(subject: string, data: Uint8Array): Promise<unknown> {
    let answer: Msg;
    try {
      answer = await this.connection.request(subject, data, { timeout: answerMs });
    } catch (error) {
      throw natsFailed(`NATS did not answer ${subject}`, error);
    }
    return parsed(answer.string());
  }
}

function parsed(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function read<T>(subject: string, answer: unknown, form: z.ZodType<T>): T {
  refuseFailure(`$JS.API.${subject}`, answer);
  const result = form.safeParse(answer);
  if (result.success) return result.data;
  throw natsFailed(`NATS returned an unexpected response to $JS.API.${subject}`, result.error);
}

function refuseFailure(what: string, answer: unknown): void {
  const { data } = failed.safeParse(answer);
  if (data) throw natsFailed(`${what} was refused by NATS (${data.error.description ?? 'without a reason'})`);
}

/** An end that came too early says why in its headers; that of a small stream has none. */
function refuseCutOff(name: string, { headers }: Msg): void {
  if (!headers || headers.code === 0 || headers.code === 204) return;
  throw natsFailed(`The copy of the stream ${name} was cut off by NATS (${headers.description || headers.code})`);
}

/** A copy that ends between two of its files is no broken one to NATS: only the numbers tell. */
function refuseOther(name: string, then: StreamHead['state'], made: unknown): void {
  const { state } = read(`STREAM.RESTORE.${name}`, made, info);
  const differs = ['messages', 'bytes', 'last_seq'].find((field) => then[field] !== state[field]);
  if (differs === undefined) return;
  throw natsFailed(
    `The stream ${name} came back with ${state.messages} messages of ${String(then['messages'])}: its copy is not whole`,
  );
}

function natsFailed(what: string, cause?: unknown): IncompleteError {
  const why = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return new IncompleteError(`${what}${why}.`, {
    code: 'NATS_FAILED',
    hint: 'See how NATS is: slipway component status, then run the same command again.',
    cause,
  });
}
