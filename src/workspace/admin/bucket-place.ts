import { BusyError, UsageError } from '../../errors/index.js';
import type { Clock, Random } from '../../domain/clock.js';
import type { BlobStore } from '../blob-store.js';
import type { S3Place } from '../s3/open-s3.js';
import { proveBucket } from '../s3/prove.js';
import { recipientOf } from '../sealed/age.js';
import { type Header, headerKey, headerText, newHeader, type StoredHeader } from '../sealed/header.js';
import type { Place, PlaceState } from './place.js';

/** A bucket, sealed. */
export class BucketPlace implements Place {
  readonly where: string;
  readonly country: string | undefined;

  constructor(
    readonly place: S3Place,
    private readonly options: { readonly clock: Clock; readonly random: Random },
  ) {
    this.where = place.location.text;
    this.country = place.location.country;
  }

  async state(): Promise<PlaceState> {
    const { header } = (await this.place.header()) ?? {};
    if (!header) return { is: 'empty' };
    return header.state === 'moved' ? { is: 'moved', to: header.movedTo ?? '' } : { is: header.state };
  }

  async texts(): Promise<BlobStore> {
    return this.place.sealed((await this.stored()).header);
  }

  backups(): Promise<BlobStore> {
    return this.texts();
  }

  async begin(): Promise<void> {
    const { clock, random } = this.options;
    await proveBucket(this.place.raw, this.place.where, random);
    const provedAt = new Date(clock.now()).toISOString();
    const there = await this.place.header();
    if (there) {
      await this.change(there, { ...there.header, state: 'filling', provedAt });
      return;
    }
    const recipients = await Promise.all(this.place.identities.map(recipientOf));
    const header = newHeader(random, recipients, provedAt);
    if (!(await this.place.raw.create(headerKey, await headerText(header)))) throw this.#changed();
  }

  async open(): Promise<void> {
    const there = await this.stored();
    const { movedTo: _, ...header } = there.header;
    await this.change(there, { ...header, state: 'ready' });
    // Whatever this computer has seen at this place before: from now on this counts.
    await this.place.seen.forgetId();
    await this.place.seen.knownId(header.id);
  }

  async close(movedTo: string): Promise<void> {
    const there = await this.stored();
    await this.change(there, { ...there.header, state: 'moved', movedTo });
  }

  async clear(): Promise<void> {
    await this.place.raw.clear('clusters/');
    await this.place.raw.clear('backups/');
  }

  async stored(): Promise<StoredHeader> {
    const there = await this.place.header();
    if (there) return there;
    throw new UsageError(`${this.place.where} holds no workspace.`, {
      code: 'NOT_A_WORKSPACE',
      hint: `Move one there: slipway workspace move '${this.where}'`,
    });
  }

  /** @throws BusyError where somebody else changed it since it was read */
  async change(there: StoredHeader, header: Header): Promise<void> {
    if (!(await this.place.raw.replace(headerKey, await headerText(header), there.version))) throw this.#changed();
  }

  #changed(): BusyError {
    return new BusyError(`Somebody else is at work on ${this.place.where} as a whole.`, {
      code: 'CLUSTER_BUSY',
      hint: 'Wait for it, then run the same command again.',
    });
  }
}
