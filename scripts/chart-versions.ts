import semver from 'semver';
import { parse } from 'yaml';
import { z } from 'zod';

import type { Chart } from '../src/components/index.js';
import { messageOf } from '../src/errors/index.js';
import { readText } from '../src/http/body.js';
import { allPages } from '../src/http/pages.js';

/** Bytes of an index; the largest known one has a quarter of it. */
const bytesAtMost = 128 * 2 ** 20;
/** Milliseconds for one answer. */
const patienceMs = 30_000;

export type Fetch = (
  url: string,
  init: { readonly signal: AbortSignal; readonly headers?: Readonly<Record<string, string>> },
) => Promise<Response>;

/** A pinned chart beside what its repository has. */
export interface Pin {
  readonly name: string;
  readonly pinned: string;
  readonly changelog: string | undefined;
  /** Newest of the same minor version; undefined where the pin is that. */
  readonly patch?: string | undefined;
  /** Newest of all; undefined where the pin is that. */
  readonly newest?: string | undefined;
  /** Why the repository could not be read. */
  readonly problem?: string | undefined;
}

/** Looks a chart up in its repository or registry. */
export async function pinOf(name: string, chart: Chart, send: Fetch = fetch): Promise<Pin> {
  const { version: pinned, changelog } = chart;
  try {
    return { name, pinned, changelog, ...behind(pinned, await readVersions(chart, send)) };
  } catch (error) {
    return { name, pinned, changelog, problem: messageOf(error) };
  }
}

/** What is newer than the pin. Pre-releases count only beside one that is pinned; what is no version never. */
export function behind(pinned: string, versions: readonly string[]): Pick<Pin, 'patch' | 'newest'> {
  const own = semver.parse(pinned);
  if (!own) throw new Error(`the pin ${pinned} is no version`);
  const newer = versions
    // Tags of a registry cannot hold a plus.
    .map((text) => semver.parse(text.replace('_', '+')))
    .filter((one) => one !== null)
    .filter((one) => one.compare(own) > 0 && (own.prerelease.length > 0 || one.prerelease.length === 0))
    .sort((a, b) => a.compare(b));
  return {
    patch: newer.filter(({ major, minor }) => major === own.major && minor === own.minor).at(-1)?.raw,
    newest: newer.at(-1)?.raw,
  };
}

export function pinLines(pins: readonly Pin[]): string[] {
  const width = Math.max(0, ...pins.map(({ name }) => name.length));
  return pins.map(({ name, pinned, changelog, patch, newest, problem }) => {
    const start = `${name.padEnd(width)}  ${pinned}`;
    if (problem !== undefined) return `${start}: could not be read: ${problem}`;
    if (newest === undefined) return `${start} is the newest`;
    const steps = [patch, newest === patch ? undefined : newest].filter((one) => one !== undefined);
    return `${start} → ${steps.join(', ')}${changelog === undefined ? '' : `  ${changelog}`}`;
  });
}

const indexSchema = z.object({ entries: z.record(z.string(), z.array(z.object({ version: z.string() }))) });
const tagsSchema = z.object({ tags: z.array(z.string()).nullish() });
const tokenSchema = z.object({ token: z.string().optional(), access_token: z.string().optional() });

async function readVersions({ name, repository, oci }: Chart, send: Fetch): Promise<readonly string[]> {
  if (oci !== undefined) return registryTags(oci, send);
  const url = `${(repository ?? '').replace(/\/$/, '')}/index.yaml`;
  const index = indexSchema.parse(parse(await textOf(url, await ask(send, url))));
  const found = index.entries[name];
  if (!found) throw new Error(`${url} has no chart ${name}`);
  return found.map(({ version }) => version);
}

/** All tags of `oci://HOST/NAME`, asked for as anybody may: with a token that the registry gives to everyone. */
async function registryTags(oci: string, send: Fetch): Promise<readonly string[]> {
  const { host, pathname } = new URL(oci.replace(/^oci:/, 'https:'));
  let headers: Readonly<Record<string, string>> = {};
  return allPages(`https://${host}/v2${pathname}/tags/list?n=1000`, async (url: string) => {
    let answer = await ask(send, url, headers);
    if (answer.status === 401) {
      headers = { authorization: `Bearer ${await anonymousToken(answer, send)}` };
      answer = await ask(send, url, headers);
    }
    const text = await textOf(url, answer);
    const { tags } = tagsSchema.parse(JSON.parse(text));
    const next = /<([^>]+)>;\s*rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1];
    return { items: tags ?? [], size: text.length, next: next === undefined ? undefined : new URL(next, url).href };
  });
}

async function anonymousToken(refusal: Response, send: Fetch): Promise<string> {
  const challenge = refusal.headers.get('www-authenticate') ?? '';
  const asked = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]));
  const { realm, service, scope } = asked;
  if (realm === undefined) throw new Error(`${refusal.url} wants a login`);
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  if (scope !== undefined) url.searchParams.set('scope', scope);
  const { token, access_token: other } = tokenSchema.parse(
    JSON.parse(await textOf(url.href, await ask(send, url.href))),
  );
  return token ?? other ?? '';
}

const ask = (send: Fetch, url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  send(url, { signal: AbortSignal.timeout(patienceMs), headers });

async function textOf(url: string, answer: Response): Promise<string> {
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  return readText(answer.body, bytesAtMost);
}
