import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import { type ApiServer, ask, type HttpRequest, watch } from './conversations-http.js';
import { at, differences, normalise } from './conversations-normalise.js';

export { type ApiServer, serverOf } from './conversations-http.js';
export { at, differences, normalise } from './conversations-normalise.js';

/** One request of a conversation, as data. Strings may hold `{{name:/pointer}}`: a value of an earlier answer. */
export interface Exchange {
  /** Unique in its conversation. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text goes out as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Who asks, when not the administrator: nobody, or the bearer of a token from an earlier answer. */
  readonly as?: 'nobody' | { readonly token: string };
  /** Ask again, for a minute at most, until the answer has this value there (undefined: has nothing there). */
  readonly until?: { readonly status?: number; readonly at?: string; readonly is?: unknown };
  /** Only these parts of the answer count (JSON pointers); without it the whole. */
  readonly keep?: readonly string[];
  /** Of a list in the answer only the items so named count, in this order. */
  readonly only?: { readonly at: string; readonly by: string; readonly names: readonly string[] };
  /** A watch: what is asked while it is open, and how many events end it. */
  readonly watch?: { readonly events: number; readonly during?: readonly Exchange[] };
}

export interface Conversation {
  readonly name: string;
  readonly about: string;
  readonly exchanges: readonly Exchange[];
  /** Asked afterwards, whatever happened; not part of what counts. */
  readonly cleanup?: readonly Exchange[];
}

/** What counts of an answer, normalised. */
export interface Answer {
  readonly status: number;
  /** Of a JSON answer, or of its parts by pointer where the exchange keeps only some. */
  readonly body?: unknown;
  readonly text?: string;
  readonly events?: readonly unknown[];
}

export interface Recorded {
  readonly name: string;
  readonly about: string;
  /** Which server answered: `v1.35.0+k3s3`. */
  readonly from: string;
  readonly exchanges: readonly Exchange[];
  readonly cleanup?: readonly Exchange[];
  /** By the name of the exchange. */
  readonly answers: Readonly<Record<string, Answer>>;
}

/** A conversation with what was answered, as it is stored. */
export const recorded = (talk: Conversation, answers: ReadonlyMap<string, Answer>, from: string): Recorded => ({
  name: talk.name,
  about: talk.about,
  from,
  exchanges: talk.exchanges,
  ...(talk.cleanup ? { cleanup: talk.cleanup } : {}),
  answers: Object.fromEntries(answers),
});

/**
 * Holds a conversation with an API server and gives back what it answered, in the order of the exchanges; those asked
 * during a watch come before the watch itself. The same function records and replays.
 */
export async function converse(
  server: ApiServer,
  talk: Pick<Conversation, 'exchanges' | 'cleanup'>,
  answers = new Map<string, Answer>(),
): Promise<Map<string, Answer>> {
  const raw = new Map<string, unknown>();
  try {
    for (const exchange of talk.exchanges) await one(server, exchange, answers, raw);
  } finally {
    for (const exchange of talk.cleanup ?? []) await one(server, exchange, new Map(), raw);
  }
  return answers;
}

/**
 * Asks another server what was asked when the conversation was recorded. Empty when it answers the same; else a line
 * for each difference, `change nothing /body/data/x: "2" is not "1"`. A conversation that breaks off (a connection
 * lost, a value missing that a later request needs) says so in its last line, after the differences found until then.
 */
export async function replay(server: ApiServer, talk: Recorded): Promise<string[]> {
  const answers = new Map<string, Answer>();
  const brokeOff: string[] = [];
  try {
    await converse(server, talk, answers);
  } catch (error) {
    brokeOff.push(`broke off: ${error instanceof Error ? error.message : String(error)}`);
  }
  return [
    ...Object.entries(talk.answers)
      .filter(([name]) => brokeOff.length === 0 || answers.has(name))
      .flatMap(([name, was]) => differences(was, answers.get(name)).map((line) => `${name} ${line}`)),
    ...brokeOff,
  ];
}

/** All that was recorded, from `test/conversations/*.json`, by name. */
export function recordings(): Recorded[] {
  const folder = new URL('../conversations/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Recorded);
}

async function one(
  server: ApiServer,
  exchange: Exchange,
  answers: Map<string, Answer>,
  raw: Map<string, unknown>,
): Promise<void> {
  const request = requestOf(exchange, raw);
  const asked = exchange.as === undefined ? server : someoneElse(server, exchange.as, raw);
  if (exchange.watch) {
    const { events, during = [] } = exchange.watch;
    const watched = await watch(asked, request, events, async () => {
      for (const inner of during) await one(server, inner, answers, raw);
    });
    answers.set(exchange.name, {
      status: watched.status,
      events: watched.events.map((event) => counted(exchange, event)),
    });
    return;
  }
  for (const end = Date.now() + 60_000; ; await pause(250)) {
    const { status, contentType, body } = await ask(asked, request);
    const json = contentType.includes('json') ? (JSON.parse(body) as unknown) : undefined;
    if (!reached(exchange.until, status, json) && Date.now() < end) continue;
    raw.set(exchange.name, json);
    answers.set(
      exchange.name,
      json === undefined ? { status, text: String(normalise(body)) } : { status, body: counted(exchange, json) },
    );
    return;
  }
}

function reached(until: Exchange['until'], status: number, body: unknown): boolean {
  if (!until) return true;
  if (until.status !== undefined && until.status !== status) return false;
  return until.at === undefined || JSON.stringify(at(body, until.at)) === JSON.stringify(until.is);
}

const token = /\{\{([^:}]+):([^}]*)\}\}/g;
const filled = (text: string, raw: ReadonlyMap<string, unknown>): string =>
  text.replaceAll(token, (_, name: string, pointer: string) => {
    const value = at(raw.get(name), pointer);
    if (typeof value !== 'string' && typeof value !== 'number') throw new Error(`${name} has no value at ${pointer}`);
    return String(value);
  });

function requestOf({ method, path, headers = {}, body }: Exchange, raw: ReadonlyMap<string, unknown>): HttpRequest {
  const text = body === undefined ? undefined : filled(typeof body === 'string' ? body : JSON.stringify(body), raw);
  return {
    method,
    path: filled(path, raw),
    headers: {
      accept: 'application/json',
      'user-agent': 'conversation',
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(text === undefined ? {} : { body: text }),
  };
}

function someoneElse({ url, ca }: ApiServer, as: NonNullable<Exchange['as']>, raw: ReadonlyMap<string, unknown>) {
  return { url, ...(ca === undefined ? {} : { ca }), ...(as === 'nobody' ? {} : { token: filled(as.token, raw) }) };
}

/** The parts of an answer that an exchange says count, normalised. */
function counted({ keep, only }: Exchange, body: unknown): unknown {
  const parts = keep && Object.fromEntries(keep.map((pointer) => [pointer, at(body, pointer) ?? null]));
  if (!only) return normalise(parts ?? body);
  const list = (at(body, only.at) ?? []) as readonly unknown[];
  const items = only.names.map((name) => list.find((item) => at(item, `/${only.by}`) === name) ?? null);
  return normalise({ ...parts, items });
}
