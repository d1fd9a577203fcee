/** A file that is no whole database of bbolt, which etcd keeps its data in. */
export class NoDatabase extends Error {}

export interface BoltEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

const magic = 0xed0cdaed;
const headerBytes = 16;
const elementBytes = 16;
const metaBytes = 80;
const flags = { branch: 1, leaf: 2, meta: 4 } as const;
const isBucket = 1;
/** More levels than any database has: a page that leads back to itself ends here. */
const levelsAtMost = 64;

/** Where a database is read from, piece by piece: it may be larger than what fits into memory. */
export interface BoltSource {
  /** Bytes of the database alone: without the sum that etcd puts behind a snapshot. */
  readonly size: number;
  /** As many bytes as are asked for, which lie within it. */
  read(at: number, length: number): Buffer;
}

interface Page {
  readonly kind: number;
  readonly count: number;
  /** All of it, with its header. */
  readonly bytes: Buffer;
}

/** Bytes of a page and what belongs to it: etcd takes no value of more than a few MiB. */
const pageBytesAtMost = 64 * 2 ** 20;

/**
 * Reads a database of bbolt, without changing it: nested buckets of sorted keys, in pages that point to one another.
 * One page is held at a time, with those above it. What does not add up throws `NoDatabase`.
 */
export class BoltFile {
  readonly #pageSize: number;
  readonly #root: number;

  constructor(private readonly source: BoltSource) {
    const meta = this.#newestMeta();
    this.#pageSize = meta.pageSize;
    this.#root = meta.root;
    if (meta.pages * meta.pageSize > source.size) throw new NoDatabase('it is cut off: pages are missing at its end');
  }

  /** Everything in a bucket of the top, in the order of its keys. What is given lies in a page: copy what is to stay. */
  *bucket(name: string): Generator<BoltEntry> {
    const expected = Buffer.from(name);
    for (const entry of this.#entries(this.#root, 0, true)) {
      if (!entry.key.equals(expected)) continue;
      const root = Number(entry.value.readBigUInt64LE(0));
      // A small one lies within the value itself.
      if (root === 0) yield* leaf(pageWithin(entry.value), false);
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
    return this.source.size < metaBytes ? 0 : this.source.read(headerBytes + 8, 4).readUInt32LE(0);
  }

  #meta(at: number) {
    if (at + metaBytes > this.source.size) return undefined;
    const meta = this.source.read(at, metaBytes).subarray(headerBytes);
    const isWhole = meta.readUInt32LE(0) === magic && meta.readBigUInt64LE(56) === fnv64a(meta.subarray(0, 56));
    const pageSize = meta.readUInt32LE(8);
    if (!isWhole || pageSize < 512 || pageSize > pageBytesAtMost) return undefined;
    return {
      pageSize,
      root: Number(meta.readBigUInt64LE(16)),
      pages: Number(meta.readBigUInt64LE(40)),
      change: meta.readBigUInt64LE(48),
    };
  }

  *#entries(id: number, level: number, buckets: boolean): Generator<BoltEntry> {
    if (level > levelsAtMost) throw new NoDatabase('its pages lead in a circle');
    const page = this.#page(id);
    if (page.kind & flags.leaf) {
      yield* leaf(page, buckets);
      return;
    }
    if (!(page.kind & flags.branch)) throw new NoDatabase(`page ${id} holds no keys`);
    for (let index = 0; index < page.count; index += 1) {
      const element = headerBytes + index * elementBytes;
      if (element + elementBytes > page.bytes.length) throw new NoDatabase('it is cut off within a page');
      yield* this.#entries(Number(page.bytes.readBigUInt64LE(element + 8)), level + 1, buckets);
    }
  }

  /** With the pages behind it that hold the rest of it, where it is larger than one. */
  #page(id: number): Page {
    const at = id * this.#pageSize;
    if (at + this.#pageSize > this.source.size) throw new NoDatabase('it names a page behind its end');
    const first = this.source.read(at, this.#pageSize);
    const length = (1 + first.readUInt32LE(12)) * this.#pageSize;
    if (at + length > this.source.size) throw new NoDatabase('it names a page behind its end');
    if (length > pageBytesAtMost) throw new NoDatabase(`page ${id} is larger than any that etcd writes`);
    return pageOf(length === this.#pageSize ? first : this.source.read(at, length));
  }
}

const pageOf = (bytes: Buffer): Page => ({ kind: bytes.readUInt16LE(8), count: bytes.readUInt16LE(10), bytes });

function pageWithin(value: Buffer): Page {
  if (value.length < 2 * headerBytes) throw new NoDatabase('it has a bucket without a page');
  return pageOf(value.subarray(headerBytes));
}

function* leaf({ count, bytes }: Page, buckets: boolean): Generator<BoltEntry> {
  for (let index = 0; index < count; index += 1) {
    const element = headerBytes + index * elementBytes;
    if (element + elementBytes > bytes.length) throw new NoDatabase('it is cut off within a page');
    if (((bytes.readUInt32LE(element) & isBucket) !== 0) !== buckets) continue;
    const start = element + bytes.readUInt32LE(element + 4);
    const middle = start + bytes.readUInt32LE(element + 8);
    const end = middle + bytes.readUInt32LE(element + 12);
    if (end > bytes.length) throw new NoDatabase('it is cut off within a value');
    yield { key: bytes.subarray(start, middle), value: bytes.subarray(middle, end) };
  }
}

function fnv64a(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}
