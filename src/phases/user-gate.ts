import { z } from 'zod';

import { type Clock, type Probe, servedWorse, unfitAsMeasure } from '../domain/index.js';
import { messageOf, RefusedError, UsageError } from '../errors/index.js';
import { ask } from '../http/ask.js';

/** What is asked, beside the nodes, whether users are served. */
export interface UserGateInput {
  /** A page that users see. */
  readonly url: string | undefined;
  /** A query that gives nothing as long as users are served, and where Prometheus answers it. */
  readonly query: { readonly text: string; readonly prometheus: string } | undefined;
}

/** Why users are not served as before; undefined: they are. */
export type Served = (options: { readonly signal: AbortSignal }) => Promise<string | undefined>;

const requests = 10;
const patienceMs = 5_000;
const bytesAtMost = 16 * 2 ** 20;

interface Deps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Measures what users see before anything is changed.
 * @returns what to compare with it later; undefined where nobody asked for that
 * @throws RefusedError code GATE_FAILS: what fails already says nothing about a change; UsageError code BAD_USAGE
 */
export async function userGate({ clock, signal }: Deps, { url, query }: UserGateInput): Promise<Served | undefined> {
  const checks: Served[] = [];
  if (url !== undefined) {
    const address = addressOf('--gate-url', url);
    const before = await probe(clock, address, { signal });
    refuseUnfit(`${address.href} does not answer well`, unfitAsMeasure(before));
    checks.push(async (options) => {
      const because = servedWorse(before, await probe(clock, address, options));
      return because && `${address.href}: ${because}.`;
    });
  }
  if (query !== undefined) {
    const address = addressOf('--gate-prometheus', query.prometheus);
    const before = await found(address, query.text, { signal });
    refuseUnfit(`The query of --gate-query finds something`, before);
    checks.push(async (options) => {
      const because = await found(address, query.text, options);
      return because && `The query of --gate-query finds something: ${because}.`;
    });
  }
  if (checks.length === 0) return undefined;
  return async (options) => {
    for (const check of checks) {
      const because = await check(options);
      if (because !== undefined) return because;
    }
    return undefined;
  };
}

function refuseUnfit(what: string, because: string | undefined): void {
  if (because === undefined) return;
  throw new RefusedError(`${what} before anything is changed: ${because}.`, {
    code: 'GATE_FAILS',
    hint: 'Mend that first, or name another address or query: what fails already says nothing about the upgrade.',
  });
}

/** One after the other, as users come. After three without an answer the rest is not waited for. */
async function probe(clock: Clock, address: URL, { signal }: { signal: AbortSignal }): Promise<readonly Probe[]> {
  const probes: Probe[] = [];
  let silent = 0;
  while (probes.length < requests && silent < 3) {
    const began = clock.monotonic();
    const limited = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    const status = await ask(address, { signal: limited, bytesAtMost, redirects: 3 }).then(
      (answer) => answer.status,
      () => undefined,
    );
    signal.throwIfAborted();
    if (status === undefined) silent += 1;
    probes.push({ status, ms: clock.monotonic() - began });
  }
  return probes;
}

const answered = z.object({
  data: z.object({ result: z.array(z.object({ metric: z.record(z.string(), z.string()) })) }),
});

/** What a query finds, in words; undefined: nothing. */
async function found(prometheus: URL, query: string, { signal }: { signal: AbortSignal }): Promise<string | undefined> {
  const address = new URL(`${prometheus.pathname.replace(/\/+$/, '')}/api/v1/query`, prometheus);
  address.searchParams.set('query', query);
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    const { status, text } = await ask(address, { signal: limited, bytesAtMost, redirects: 3 });
    if (status !== 200) return `Prometheus answered ${status}: ${text.slice(0, 200)}`;
    const { result } = answered.parse(JSON.parse(text)).data;
    return result.length === 0
      ? undefined
      : result
          .slice(0, 3)
          .map(({ metric }) => JSON.stringify(metric))
          .join(', ');
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof z.ZodError || error instanceof SyntaxError
      ? 'the answer is not one of Prometheus to a query for a vector'
      : `Prometheus could not be asked: ${messageOf(error)}`;
  }
}

function addressOf(flag: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '') return url;
  throw new UsageError(`${flag} is no address that could be asked.`, {
    code: 'BAD_USAGE',
    hint: `Write one that begins with http:// or https://, without a name and password in it.`,
  });
}
