/** A file that is no whole database of bbolt, which etcd keeps its data in. */
export class NoDatabase extends Error {}

export interface BoltEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

const magic = 0xed0cdaed;
const headerBytes = 16;
const elementBytes = 16;
const flags = { branch: 1, leaf: 2, meta: 4 } as const;
const isBucket = 1;
/** More levels than any database has: a page that leads back to itself ends here. */
const levelsAtMost = 64;

interface Page {
  readonly at: number;
  readonly kind: number;
  readonly count: number;
}

/**
 * Reads a database of bbolt, without changing it: nested buckets of sorted keys, in pages that point to one another.
 * What does not add up throws `NoDatabase`.
 */
export class BoltFile {
  readonly #pageSize: number;
  readonly #root: number;

  /** @param bytes the database alone: without the sum that etcd puts behind a snapshot */
  constructor(private readonly bytes: Buffer) {
    const meta = this.#newestMeta();
    this.#pageSize = meta.pageSize;
    this.#root = meta.root;
    if (meta.pages * meta.pageSize > bytes.length) throw new NoDatabase('it is cut off: pages are missing at its end');
  }

  /** Everything in a bucket of the top, in the order of its keys. */
  *bucket(name: string): Generator<BoltEntry> {
    const wanted = Buffer.from(name);
    for (const entry of this.#entries(this.#root, 0, true)) {
      if (!entry.key.equals(wanted)) continue;
      const root = Number(entry.value.readBigUInt64LE(0));
      // A small one lies within the value itself.
      if (root === 0) yield* this.#leaf(this.#pageIn(entry.value), entry.value.subarray(headerBytes), false);
      else yield* this.#entries(root, 0, false);
      return;
    }
    throw new NoDatabase(`it has no bucket ${name}`);
  }

  /** Of the two descriptions at the beginning the one of the later change that is whole. */
  #newestMeta(): { readonly pageSize: number; readonly root: number; readonly pages: number } {
    const metas = [0, this.#sizeOfFirstPage()].flatMap((at) => this.#meta(at) ?? []);
    const newest = metas.sort((a, b) => (a.change < b.change ? 1 : -1))[0];
    if (!newest) throw new NoDatabase('it does not begin as a database of etcd does');
    return newest;
  }

  #sizeOfFirstPage(): number {
    return this.bytes.length < 80 ? 0 : this.bytes.readUInt32LE(headerBytes + 8);
  }

  #meta(at: number) {
    if (at + 80 > this.bytes.length) return undefined;
    const meta = this.bytes.subarray(at + headerBytes, at + 80);
    const isWhole = meta.readUInt32LE(0) === magic && meta.readBigUInt64LE(56) === fnv64a(meta.subarray(0, 56));
    const pageSize = meta.readUInt32LE(8);
    if (!isWhole || pageSize < 512) return undefined;
    return {
      pageSize,
      root: Number(meta.readBigUInt64LE(16)),
      pages: Number(meta.readBigUInt64LE(40)),
      change: meta.readBigUInt64LE(48),
    };
  }

  *#entries(id: number, level: number, buckets: boolean): Generator<BoltEntry> {
    if (level > levelsAtMost) throw new NoDatabase('its pages lead in a circle');
    const at = id * this.#pageSize;
    const page = this.#pageAt(at);
    if (page.kind & flags.leaf) {
      yield* this.#leaf(page, this.bytes.subarray(at), buckets);
      return;
    }
    if (!(page.kind & flags.branch)) throw new NoDatabase(`page ${id} holds no keys`);
    for (let index = 0; index < page.count; index += 1) {
      const element = at + headerBytes + index * elementBytes;
      yield* this.#entries(Number(this.#uint64(element + 8)), level + 1, buckets);
    }
  }

  /** @param from the page's own bytes, and whatever comes behind them */
  *#leaf({ count }: Page, from: Buffer, buckets: boolean): Generator<BoltEntry> {
    for (let index = 0; index < count; index += 1) {
      const element = headerBytes + index * elementBytes;
      if (element + elementBytes > from.length) throw new NoDatabase('it is cut off within a page');
      if (((from.readUInt32LE(element) & isBucket) !== 0) !== buckets) continue;
      const start = element + from.readUInt32LE(element + 4);
      const middle = start + from.readUInt32LE(element + 8);
      const end = middle + from.readUInt32LE(element + 12);
      if (end > from.length) throw new NoDatabase('it is cut off within a value');
      yield { key: from.subarray(start, middle), value: from.subarray(middle, end) };
    }
  }

  #pageAt(at: number): Page {
    if (at + headerBytes > this.bytes.length) throw new NoDatabase('it names a page behind its end');
    return { at, kind: this.bytes.readUInt16LE(at + 8), count: this.bytes.readUInt16LE(at + 10) };
  }

  #pageIn(value: Buffer): Page {
    if (value.length < 2 * headerBytes) throw new NoDatabase('it has a bucket without a page');
    return { at: 0, kind: value.readUInt16LE(headerBytes + 8), count: value.readUInt16LE(headerBytes + 10) };
  }

  #uint64(at: number): bigint {
    if (at + 8 > this.bytes.length) throw new NoDatabase('it is cut off within a page');
    return this.bytes.readBigUInt64LE(at);
  }
}

function fnv64a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
