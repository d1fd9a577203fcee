import type { Random } from '../../domain/clock.js';
import type { Secret } from '../../domain/secret.js';
import { RefusedError, UsageError } from '../../errors/index.js';
import type { Blob, BlobStore } from '../blob-store.js';
import { Damaged, NotForUs, seal, unseal } from './age.js';
import { type Envelope, packed, Swapped, unpacked } from './envelope.js';
import { type Header, headerKey, wrongIdentity } from './header.js';
import type { SeenBlobs } from './seen.js';

export interface SealedBlobsOptions {
  /** What the workspace is called. */
  readonly where: string;
  readonly header: Pick<Header, 'id' | 'keys' | 'recipients'>;
  readonly identities: readonly Secret[];
  readonly random: Random;
  readonly seen: SeenBlobs;
}

/** Holds the id of a cluster's folder, which all that lies in the folder names. */
const clusterIdOf = (cluster: string): string => `clusters/${cluster}/cluster`;
const clusterOf = (key: string): string | undefined => /^clusters\/([^/]+)\//.exec(key)?.[1];
const isClusterId = (key: string): boolean => /^clusters\/[^/]+\/cluster$/.test(key);

/** Who holds a lock is for everybody to see, also for those who cannot open the rest. */
export const isPlain = (key: string): boolean => /(^|\/)lock$/.test(key);
/** A journal's name is never used twice, and nothing depends on what is in it; nor is a backup's, which never changes. */
const isRemembered = (key: string): boolean => !/\/journal\/|^backups\//.test(key);

/** Everything that is sealed in a workspace, but for what says so of the workspace itself. */
export const sealedKeys = async (store: Pick<BlobStore, 'list'>): Promise<readonly string[]> =>
  (await Promise.all(['backups/', 'clusters/'].map((prefix) => store.list(prefix))))
    .flat()
    .filter((key) => !isPlain(key));

/**
 * Blobs that only some can open, in a store that others can read and write. Each says in what is sealed which blob of which
 * cluster it is and how often it was changed, so that one put in another's place, or back, is found out.
 */
export class SealedBlobs implements BlobStore {
  /** What was read last, by key, without its text, of which there may be gigabytes: what follows it is numbered by it. */
  readonly #last = new Map<string, { readonly version: string } & Pick<Envelope, 'birth' | 'sequence'>>();
  readonly #clusterIds = new Map<string, string>();

  constructor(
    private readonly raw: BlobStore,
    private readonly options: SealedBlobsOptions,
  ) {}

  async read(key: string): Promise<Blob | undefined> {
    const there = await this.raw.read(key);
    if (!there || isPlain(key)) return there;
    const { text, birth, sequence } = await this.#opened(key, there.text);
    this.#last.set(key, { version: there.version, birth, sequence });
    return { text, version: there.version };
  }

  async create(key: string, text: string): Promise<boolean> {
    if (isPlain(key)) return this.raw.create(key, text);
    const birth = this.options.random.bytes(8).toString('hex');
    const envelope = await this.#envelope(key, { birth, sequence: 1, text });
    const created = await this.raw.create(key, await this.#sealed(envelope));
    if (created) await this.#remember(envelope);
    return created;
  }

  async replace(key: string, text: string, version: string): Promise<boolean> {
    if (isPlain(key)) return this.raw.replace(key, text, version);
    if (this.#last.get(key)?.version !== version && (await this.read(key))?.version !== version) return false;
    const { birth, sequence } = this.#last.get(key)!;
    const envelope = await this.#envelope(key, { birth, sequence: sequence + 1, text });
    const replaced = await this.raw.replace(key, await this.#sealed(envelope), version);
    if (replaced) await this.#remember(envelope);
    return replaced;
  }

  async remove(key: string, version?: string): Promise<boolean> {
    return this.raw.remove(key, version);
  }

  async list(prefix: string): Promise<readonly string[]> {
    return (await this.raw.list(prefix)).filter((key) => key !== headerKey && !isClusterId(key));
  }

  /** After a cluster's folder was cleared: the next one of its name is another. */
  forgetCluster(cluster: string): void {
    this.#clusterIds.delete(cluster);
  }

  async #envelope(key: string, what: Pick<Envelope, 'birth' | 'sequence' | 'text'>): Promise<Envelope> {
    return { workspace: this.options.header.id, key, cluster: await this.#clusterId(key, true), ...what };
  }

  async #sealed(envelope: Envelope): Promise<string> {
    const { keys, recipients } = this.options.header;
    return seal(packed(envelope, keys[0]!), recipients);
  }

  async #opened(key: string, text: string): Promise<Envelope> {
    const { header, identities } = this.options;
    try {
      const opened = await unseal(text, identities);
      const envelope = unpacked(opened, header.keys, { workspace: header.id, key });
      if (envelope.cluster !== (await this.#clusterId(key, false)))
        throw new Swapped('it belongs to an earlier cluster of this name');
      await this.#remember(envelope);
      return envelope;
    } catch (error) {
      throw await this.#withReason(key, error);
    }
  }

  async #remember(envelope: Envelope): Promise<void> {
    if (isRemembered(envelope.key)) await this.options.seen.check(envelope);
  }

  /** The id that a blob of this key names; made where it is not there yet and `make` says so. */
  async #clusterId(key: string, make: boolean): Promise<string | undefined> {
    const cluster = clusterOf(key);
    if (cluster === undefined || isClusterId(key)) return undefined;
    const known = this.#clusterIds.get(cluster);
    if (known !== undefined) return known;
    for (;;) {
      const there = await this.read(clusterIdOf(cluster));
      if (there) this.#clusterIds.set(cluster, there.text);
      if (there || !make) return there?.text;
      await this.create(clusterIdOf(cluster), this.options.random.bytes(8).toString('hex'));
    }
  }

  async #withReason(key: string, error: unknown): Promise<unknown> {
    const { where, identities } = this.options;
    const name = `${where}: ${key}`;
    if (error instanceof NotForUs) return wrongIdentity(name, identities, error);
    if (error instanceof Damaged)
      return new UsageError(`${name} is damaged: ${error.message}.`, {
        code: 'WORKSPACE_CORRUPT',
        hint: 'Restore that object from an older version of it in the bucket, or set it aside: slipway workspace recover',
        cause: error,
      });
    if (error instanceof Swapped)
      return new RefusedError(`${name} is not what belongs there: ${error.message}.`, {
        code: 'BLOB_SWAPPED',
        hint: 'Find out who can write to the bucket. To go on with what is there, or set it aside: slipway workspace recover',
        cause: error,
      });
    return error;
  }
}
