import { createHash } from 'node:crypto';

import { AwsV4Signer } from 'aws4fetch';

import type { Clock, Random } from '../../domain/clock.js';
import { ask } from '../../http/ask.js';
import { AnswerTooLarge } from '../../http/body.js';
import { refusal, S3Unavailable, unexpectedAnswer, unreachable, wordOf } from './errors.js';
import type { S3Credentials, S3Location } from './location.js';
import type { S3Answer, S3Request } from './request.js';

export interface S3ClientOptions {
  readonly credentials: S3Credentials;
  readonly clock: Clock;
  readonly random: Random;
  readonly warn: (text: string) => void;
}

/** Far more than anything of a workspace has. */
const bytesAtMost = 16 * 2 ** 20;
const deadlineMs = 30_000;
/** How often it is tried again, and the first wait in milliseconds, doubled each time. */
const tries = 5;
const firstWaitMs = 200;

/** What says that a request never left this computer. */
const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'NO_CONNECTION']);

/** Signed requests to one bucket, sent again where that can do no harm. */
export class S3Client {
  /** Milliseconds that the server's clock is ahead of ours, once that kept a request from being accepted. */
  #ahead = 0;
  /** Keys derived of the secret one, which serve for a day. */
  readonly #keys = new Map<string, ArrayBuffer>();

  constructor(
    readonly location: S3Location,
    private readonly options: S3ClientOptions,
  ) {}

  /** @throws SlipwayError whatever the answer means that is not among `expects` */
  async send(request: S3Request): Promise<S3Answer> {
    const { clock, random } = this.options;
    for (let attempt = 0; ; attempt += 1) {
      const answer = await this.#once(request).catch((error: unknown) => error);
      if (!(answer instanceof Error)) {
        const { status } = answer as S3Answer;
        // Of a bucket that is not there it would be wrong to say that it lacks something.
        const isExpected = request.expects.includes(status) && wordOf(answer as S3Answer) !== 'NoSuchBucket';
        if (status < 300 || isExpected) return answer as S3Answer;
      }
      const error = answer instanceof Error ? answer : this.#problem(request, answer as S3Answer);
      if (error === 'try again' && attempt === 0) continue;
      if (error === 'try again') throw refusal(this.location, request, answer as S3Answer);
      const mayRepeat = error instanceof S3Unavailable && (request.repeatable || !error.sent);
      if (!mayRepeat || attempt >= tries) throw error;
      await clock.sleep(firstWaitMs * 2 ** attempt * (0.5 + random.fraction() / 2));
    }
  }

  async #once(request: S3Request): Promise<S3Answer> {
    const { url, headers } = await this.#signed(request);
    try {
      return await ask(url, {
        method: request.method,
        headers,
        body: request.body,
        signal: AbortSignal.timeout(deadlineMs),
        bytesAtMost,
      });
    } catch (error) {
      if (error instanceof AnswerTooLarge) throw unexpectedAnswer(this.location, request, error.message, error);
      // A bucket of another region redirects there.
      if (error instanceof Error && /redirects to another place \(30/.test(error.message))
        throw refusal(this.location, request, { status: 301, headers: { get: () => null }, text: '' });
      throw unreachable(this.location, request, !neverSent.has(codeOf(error)), error);
    }
  }

  #problem(request: S3Request, answer: S3Answer): Error | 'try again' {
    const word = wordOf(answer);
    if (word === 'RequestTimeTooSkewed' && this.#followClock(answer)) return 'try again';
    // What is too much for it was not done; 500 comes before the work as well as after it.
    const busy = answer.status === 429 || word === 'SlowDown' || word === 'RequestTimeout';
    if (busy || (answer.status >= 500 && answer.status !== 501))
      return new S3Unavailable(this.location, request, word, !busy);
    return refusal(this.location, request, answer);
  }

  /** Signs by the server's clock from now on, where ours is off. */
  #followClock({ headers }: S3Answer): boolean {
    const theirs = Date.parse(headers.get('date') ?? '');
    if (Number.isNaN(theirs)) return false;
    this.#ahead = theirs - this.options.clock.now();
    const minutes = Math.round(Math.abs(this.#ahead) / 60_000);
    this.options.warn(
      `The clock of this computer is ${minutes} min ${this.#ahead < 0 ? 'ahead of' : 'behind'} that of ${this.location.text}; set it right.`,
    );
    return true;
  }

  async #signed({ method, key, query = {}, headers = {}, body }: S3Request) {
    const { region } = this.location;
    const { accessKeyId, secretAccessKey, sessionToken } = this.options.credentials;
    const url = this.#url(key);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const now = new Date(this.options.clock.now() + this.#ahead).toISOString();
    const signed = await new AwsV4Signer({
      method,
      url: url.href,
      headers: {
        ...headers,
        'x-amz-content-sha256': createHash('sha256')
          .update(body ?? '')
          .digest('hex'),
        ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }),
      },
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken ? { sessionToken: sessionToken.reveal() } : {}),
      service: 's3',
      region,
      cache: this.#keys,
      datetime: now.replace(/[:-]|\.\d{3}/g, ''),
      // Conditions are part of what is signed: nobody on the way takes them off.
      allHeaders: true,
    }).sign();
    return { url: signed.url, headers: Object.fromEntries(signed.headers.entries()) };
  }

  #url(key: string | undefined): URL {
    const { bucket, prefix, region, endpoint, pathStyle } = this.location;
    const url = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
    const base = url.pathname.replace(/\/+$/, '');
    if (!pathStyle) url.host = `${bucket}.${url.host}`;
    const parts = [...(pathStyle ? [bucket] : []), ...(key === undefined ? [] : `${prefix}${key}`.split('/'))];
    url.pathname = `${base}/${parts.map(encodeURIComponent).join('/')}`;
    return url;
  }
}

function codeOf(error: unknown): string {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (e instanceof AggregateError && e.errors.length > 0) return codeOf(e.errors[0]);
    if ('code' in e && typeof e.code === 'string') return e.code;
  }
  return '';
}
