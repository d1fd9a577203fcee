import { createCipheriv, createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';

import type { Random } from '../random.js';
import type { Obj } from '../kube-api/index.js';
import type { ClusterSnapshot } from './cluster.js';

/** What k3s seals with the servers' token: the cluster's authorities, and what servers must agree in. */
type Bootstrap = Pick<
  ClusterSnapshot,
  'ca' | 'serverToken' | 'agentToken' | 'critical' | 'disabled' | 'version' | 'etcdVersion'
>;

export interface RestoredCluster extends Bootstrap {
  readonly version: string;
  readonly objects: readonly Obj[];
  /** The store's version when the snapshot was taken. */
  readonly revision: number;
}

const pageSize = 4096;
const magic = 0xed0cdaed;
const kinds = { leaf: 2, meta: 4, freelist: 16 } as const;

interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** A snapshot as etcd writes it: its database, in which keys are found by revision, and the SHA-256 of that. */
export function snapshotFile(
  { ca, serverToken, agentToken, critical, disabled, version, etcdVersion, kubernetes }: ClusterSnapshot,
  pathOf: (object: Obj) => string,
  random: Random,
): Buffer {
  const bootstrap: Bootstrap = { ca, serverToken, agentToken, critical, disabled, version, etcdVersion };
  const { objects, version: revision } = kubernetes!;
  const records = [
    { at: 1, name: bootstrapKey(serverToken), value: sealed(serverToken, JSON.stringify(bootstrap), random) },
    ...objects.map((object) => ({
      at: Number(object.metadata.resourceVersion),
      name: `/registry/${pathOf(object)}`,
      value: Buffer.from(JSON.stringify(object)),
    })),
    // What is deleted leaves no key; this one says how far the store had come.
    { at: revision + 1, name: 'compact_rev_key', value: Buffer.from(String(revision)) },
  ];
  const entries = records
    .sort((a, b) => a.at - b.at)
    .map(({ at, name, value }) => ({ key: revisionKey(at), value: keyValue(name, value) }));
  const database = databaseOf(entries);
  return Buffer.concat([database, createHash('sha256').update(database).digest()]);
}

/**
 * What k3s starts a cluster from. @throws Error in the words of k3s and etcd, where it does not
 * @param password of the token in the configuration
 */
export function readSnapshotFile(file: Buffer, password: string): RestoredCluster {
  const database = file.subarray(0, -32);
  const sum = createHash('sha256').update(database).digest();
  if (file.length < 4 * pageSize || !sum.equals(file.subarray(-32)))
    throw new Error('snapshot missing hash but --skip-hash-check=false');
  const records = entriesOf(database).map(({ value }) => readKeyValue(value));
  const bootstrap = records.filter(({ name }) => name.startsWith('/bootstrap/'));
  const own = bootstrap.find(({ name }) => name === bootstrapKey(password));
  if (!own) throw new Error('bootstrap data already found and encrypted with different token');
  const objects = records.filter(({ name }) => name.startsWith('/registry/'));
  return {
    ...(JSON.parse(opened(password, own.value)) as Bootstrap),
    objects: objects.map(({ value }) => JSON.parse(value.toString()) as Obj),
    revision: Number(records.find(({ name }) => name === 'compact_rev_key')?.value.toString() ?? 1),
  };
}

const bootstrapKey = (password: string): string =>
  `/bootstrap/${createHash('sha256').update(password).digest('hex').slice(0, 12)}`;

const keyFrom = (password: string, salt: string): Buffer => pbkdf2Sync(password, salt, 4096, 32, 'sha1');

function sealed(password: string, text: string, random: Random): Buffer {
  const salt = random.bytes(8).toString('hex');
  const nonce = random.bytes(12);
  const cipher = createCipheriv('aes-256-gcm', keyFrom(password, salt), nonce);
  const data = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  return Buffer.from(`${salt}:${data.toString('base64')}`);
}

function opened(password: string, value: Buffer): string {
  const [salt = '', text = ''] = value.toString().split(':', 2);
  const data = Buffer.from(text, 'base64');
  const cipher = createDecipheriv('aes-256-gcm', keyFrom(password, salt), data.subarray(0, 12));
  cipher.setAuthTag(data.subarray(-16));
  return Buffer.concat([cipher.update(data.subarray(12, -16)), cipher.final()]).toString();
}

function revisionKey(main: number): Buffer {
  const key = Buffer.alloc(17);
  key.writeBigUInt64BE(BigInt(main));
  key.write('_', 8);
  return key;
}

/** Fields 1 and 5 of etcd's protobuf of a key: what it is called and what is in it. */
function keyValue(name: string, value: Buffer): Buffer {
  const field = (number: number, bytes: Buffer): Buffer[] => [
    Buffer.from([number * 8 + 2]),
    varint(bytes.length),
    bytes,
  ];
  return Buffer.concat([...field(1, Buffer.from(name)), ...field(5, value)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Buffer.from([...bytes, left]);
}

function readKeyValue(record: Buffer): { readonly name: string; readonly value: Buffer } {
  let at = 1;
  const size = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = record[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  const nameSize = size();
  const name = record.toString('utf8', at, at + nameSize);
  at += nameSize + 1;
  const valueSize = size();
  return { name, value: record.subarray(at, at + valueSize) };
}

/** bbolt: two descriptions, free pages (none), the top with one bucket, and that bucket, all of it in one leaf. */
function databaseOf(entries: readonly Entry[]): Buffer {
  const bucket = leaf(4, entries, 0);
  const place = Buffer.alloc(16);
  place.writeBigUInt64LE(4n);
  const pages = 4 + bucket.length / pageSize;
  return Buffer.concat([
    meta(0, pages),
    meta(1, pages),
    page(2, kinds.freelist, 0, Buffer.alloc(0)),
    leaf(3, [{ key: Buffer.from('key'), value: place }], 1),
    bucket,
  ]);
}

function leaf(id: number, entries: readonly Entry[], flags: number): Buffer {
  const elements = Buffer.alloc(16 * entries.length);
  let end = elements.length;
  entries.forEach(({ key, value }, index) => {
    elements.writeUInt32LE(flags, 16 * index);
    elements.writeUInt32LE(end - 16 * index, 16 * index + 4);
    elements.writeUInt32LE(key.length, 16 * index + 8);
    elements.writeUInt32LE(value.length, 16 * index + 12);
    end += key.length + value.length;
  });
  const data = entries.flatMap(({ key, value }) => [key, value]);
  return page(id, kinds.leaf, entries.length, Buffer.concat([elements, ...data]));
}

function page(id: number, kind: number, count: number, content: Buffer): Buffer {
  const pages = Math.ceil((16 + content.length) / pageSize);
  const bytes = Buffer.alloc(pages * pageSize);
  bytes.writeBigUInt64LE(BigInt(id));
  bytes.writeUInt16LE(kind, 8);
  bytes.writeUInt16LE(count, 10);
  bytes.writeUInt32LE(pages - 1, 12);
  content.copy(bytes, 16);
  return bytes;
}

function meta(id: number, pages: number): Buffer {
  const content = Buffer.alloc(64);
  content.writeUInt32LE(magic, 0);
  content.writeUInt32LE(2, 4);
  content.writeUInt32LE(pageSize, 8);
  content.writeBigUInt64LE(3n, 16);
  content.writeBigUInt64LE(2n, 32);
  content.writeBigUInt64LE(BigInt(pages), 40);
  content.writeBigUInt64LE(BigInt(id), 48);
  let sum = 0xcbf29ce484222325n;
  for (const byte of content.subarray(0, 56)) sum = BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x100000001b3n);
  content.writeBigUInt64LE(sum, 56);
  return page(id, kinds.meta, 0, content);
}

/** Of a database that `databaseOf` wrote. */
function entriesOf(database: Buffer): Entry[] {
  const from = database.subarray(4 * pageSize);
  return Array.from({ length: from.readUInt16LE(10) }, (_, index) => {
    const element = 16 + 16 * index;
    const start = element + from.readUInt32LE(element + 4);
    const middle = start + from.readUInt32LE(element + 8);
    return {
      key: from.subarray(start, middle),
      value: from.subarray(middle, middle + from.readUInt32LE(element + 12)),
    };
  });
}
