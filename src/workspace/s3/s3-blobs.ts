import { type Boundary, withBoundary } from '../../domain/boundary.js';
import type { Clock, Random } from '../../domain/clock.js';
import { allPages, EndlessList } from '../../http/pages.js';
import type { Blob, BlobStore } from '../blob-store.js';
import type { S3Client } from './client.js';
import { S3Unavailable, unexpectedAnswer } from './errors.js';
import type { S3Answer, S3Request } from './request.js';
import { element, elements } from './xml.js';

export interface S3BlobsOptions {
  readonly client: S3Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly boundary: Boundary;
}

/** Carries a mark that no other write has, so that a writer whose answer was lost finds out whether it was he. */
const writeHeader = 'x-amz-meta-slipway-write';
/** Says that a blob was removed: see `remove`. */
const removedHeader = 'x-amz-meta-slipway-removed';
const removedText = 'removed\n';

/** How often a write is asked for again that met another one in the same instant. */
const conflictsAtMost = 8;
const conflictWaitMs = 100;

interface Stored extends Blob {
  readonly mark: string | null;
  readonly removed: boolean;
}

/**
 * Blobs in a bucket. Who wins is decided by the server, by conditions on each write: `If-None-Match: *` and `If-Match` on
 * the tag that was read. What came of a write whose answer was lost is looked up, never guessed.
 */
export class S3Blobs implements BlobStore {
  readonly #client: S3Client;

  constructor(private readonly options: S3BlobsOptions) {
    this.#client = options.client;
  }

  async read(key: string): Promise<Blob | undefined> {
    const there = await this.#stored(key);
    return there && !there.removed ? { text: there.text, version: there.version } : undefined;
  }

  async create(key: string, text: string): Promise<boolean> {
    return this.#write(key, async () => {
      if (await this.#put(key, text, { 'if-none-match': '*' })) return true;
      const there = await this.#stored(key);
      return there?.removed === true && (await this.#put(key, text, { 'if-match': there.version }));
    });
  }

  async replace(key: string, text: string, version: string): Promise<boolean> {
    return this.#write(key, () => this.#put(key, text, { 'if-match': version }));
  }

  /**
   * Not every server heeds a condition on a DELETE. So what may only go as it was read is replaced by a mark that says it
   * is gone, which stays until somebody creates the blob again.
   */
  async remove(key: string, version?: string): Promise<boolean> {
    return withBoundary(this.options.boundary, 'workspace', `remove ${shortName(key)}`, async () => {
      if (version === undefined) {
        await this.#client.send({ method: 'DELETE', key, expects: [404], repeatable: true });
        return true;
      }
      if (await this.#put(key, removedText, { 'if-match': version, [removedHeader]: 'true' })) return true;
      const there = await this.#stored(key);
      return !there || there.removed;
    });
  }

  async list(prefix: string): Promise<readonly string[]> {
    const { location } = this.#client;
    const request: S3Request = { method: 'GET', key: undefined, expects: [], repeatable: true };
    const query = { 'list-type': '2', 'encoding-type': 'url', prefix: `${location.prefix}${prefix}` };
    try {
      const found = await allPages<{ key: string; size: string }, string>('', async (page) => {
        const more: Record<string, string> = page === '' ? {} : { 'continuation-token': page };
        const { text } = await this.#client.send({ ...request, query: { ...query, ...more } });
        if (!text.includes('<ListBucketResult')) throw unexpectedAnswer(location, request, 'it is not a list');
        const decode = element(text, 'EncodingType') === 'url' ? decoded : (key: string) => key;
        const items = elements(text, 'Contents').map((entry) => ({
          key: decode(element(entry, 'Key') ?? '').slice(location.prefix.length),
          size: element(entry, 'Size') ?? '',
        }));
        const next = element(text, 'NextContinuationToken');
        if (element(text, 'IsTruncated') === 'true' && !next)
          throw unexpectedAnswer(location, request, 'it has more, but does not say where');
        return { items, size: text.length, next: element(text, 'IsTruncated') === 'true' ? next : undefined };
      });
      const there = await Promise.all(
        found.map(async ({ key, size }) => size !== String(removedText.length) || (await this.read(key)) !== undefined),
      );
      return found
        .filter((_, index) => there[index])
        .map(({ key }) => key)
        .sort();
    } catch (error) {
      throw error instanceof EndlessList ? unexpectedAnswer(location, request, error.message, error) : error;
    }
  }

  /** Removes all that lies below a prefix, some of it last, in this order. */
  async clear(prefix: string, last: readonly string[] = []): Promise<void> {
    const keys = (await this.list(prefix)).filter((key) => !last.includes(key));
    await Promise.all(keys.map((key) => this.remove(key)));
    for (const key of last) await this.remove(key);
  }

  async #stored(key: string): Promise<Stored | undefined> {
    const request: S3Request = { method: 'GET', key, expects: [404], repeatable: true };
    const { status, headers, text } = await this.#client.send(request);
    if (status === 404) return undefined;
    return {
      text,
      version: tagOf(this.#client, request, headers),
      mark: headers.get(writeHeader),
      removed: headers.get(removedHeader) === 'true',
    };
  }

  async #write<T>(key: string, work: () => Promise<T>): Promise<T> {
    return withBoundary(this.options.boundary, 'workspace', `write ${shortName(key)}`, work);
  }

  /** Puts a text where the condition holds. Whether it was this write that is there is looked up where no answer said so. */
  async #put(key: string, text: string, headers: Readonly<Record<string, string>>): Promise<boolean> {
    const { clock, random } = this.options;
    const mark = random.bytes(12).toString('hex');
    const request: S3Request = {
      method: 'PUT',
      key,
      headers: { ...headers, [writeHeader]: mark },
      body: text,
      expects: [404, 409, 412],
      repeatable: false,
    };
    let open = false;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { status } = await this.#client.send(request);
        if (status < 300) return true;
        if (status !== 409) return open && (await this.#stored(key))?.mark === mark;
        // Two writes met: the server let neither tell how the other ends.
        if (attempt >= conflictsAtMost) return false;
      } catch (error) {
        if (!(error instanceof S3Unavailable) || !error.sent || attempt >= conflictsAtMost) throw error;
        open = true;
        if ((await this.#stored(key))?.mark === mark) return true;
      }
      await clock.sleep(conflictWaitMs * 2 ** Math.min(attempt, 4) * (0.5 + random.fraction() / 2));
    }
  }
}

/** The tag by which a later write proves that nothing came in between. */
function tagOf(client: S3Client, request: S3Request, headers: S3Answer['headers']): string {
  const tag = headers.get('etag');
  if (tag === null) throw unexpectedAnswer(client.location, request, 'it has no tag (ETag)');
  return tag;
}

/** As a local file is called at the boundary: `demo/record.json`. */
const shortName = (key: string): string => key.replace(/^clusters\//, '');

const decoded = (key: string): string => decodeURIComponent(key.replaceAll('+', ' '));
