import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import type { Secret } from '../../../domain/index.js';
import type { SnapshotReport } from '../../backups.js';
import { BoltFile, type BoltSource, NoDatabase } from './bolt.js';
import { withFile } from './file-source.js';

/** Pages of etcd’s database are multiples of this; the sum that ends a snapshot is not. */
const sector = 512;
const sumBytes = 32;
const revisionBytes = 17;
const bootstrap = '/bootstrap/';
const claims = '/registry/persistentvolumeclaims/';
const namespaces = '/registry/namespaces/';

/** After so many entries others have their turn: what they keep alive does not wait for a large snapshot. */
const entriesAtOnce = 5000;

/**
 * What a snapshot of etcd says of itself. That of k3s holds what the cluster’s authorities and keys are made from, sealed with
 * the servers’ token: without that token nobody starts a cluster from it. It is read page by page, however large it is.
 * @param file unpacked, as the server took it
 * @throws NoDatabase with the reason, for what cannot be restored
 */
export async function inspectSnapshot(file: string, token: Secret): Promise<SnapshotReport> {
  return withFile(file, async (whole) => {
    const size = await unsummed(file, whole);
    let revision = 0n;
    let entries = 0;
    const latest = new Map<string, Buffer | undefined>();
    for (const { key, value } of new BoltFile({ ...whole, size }).bucket('key')) {
      if (key.length < revisionBytes) throw new NoDatabase('it has a key that is no revision');
      entries += 1;
      if (entries % entriesAtOnce === 0) await setImmediate();
      const main = key.readBigUInt64BE(0);
      if (main > revision) revision = main;
      const { name, content } = keyValue(value);
      const start = [bootstrap, claims, namespaces].find((one) => name.startsWith(one));
      if (start === undefined) continue;
      // Sorted by revision, so that the last word counts; a mark behind the revision says that the key was deleted.
      const isDeleted = key.length > revisionBytes;
      latest.set(name, isDeleted ? undefined : start === bootstrap ? Buffer.from(content) : Buffer.alloc(0));
    }
    return { revision: Number(revision), entries, ...found(latest, passwordOf(token)) };
  });
}

/** @throws NoDatabase where no cluster is in it */
function found(
  latest: ReadonlyMap<string, Buffer | undefined>,
  password: string,
): Pick<SnapshotReport, 'opens' | 'claims' | 'namespaces'> {
  const present = [...latest].filter((one): one is [string, Buffer] => one[1] !== undefined);
  const sealed = present.filter(([name]) => name.startsWith(bootstrap)).map(([, content]) => content);
  if (!sealed.some((content) => content.length > 0)) throw new NoDatabase('it holds no cluster: k3s never finished it');
  const below = (start: string): readonly string[] =>
    present.filter(([name]) => name.startsWith(start)).map(([name]) => name.slice(start.length));
  return {
    opens: sealed.some((content) => opens(content, password)),
    claims: below(claims),
    namespaces: below(namespaces),
  };
}

/**
 * @returns bytes of the database, without its sum
 * @throws NoDatabase where the snapshot does not end with its own sum, or that is another
 */
async function unsummed(file: string, source: BoltSource): Promise<number> {
  const { size: whole } = source;
  if (whole === 0) throw new NoDatabase('it is empty');
  if (whole % sector !== sumBytes) throw new NoDatabase('it does not end with its sum: it is cut off');
  const size = whole - sumBytes;
  const sum = createHash('sha256');
  for await (const chunk of createReadStream(file, { end: size - 1 })) sum.update(chunk as Buffer);
  if (!sum.digest().equals(source.read(size, sumBytes))) throw new NoDatabase('it does not match the sum at its end');
  return size;
}

/** Key and value of etcd’s own record of them: fields 1 and 5 of a protobuf. */
function keyValue(record: Buffer): { readonly name: string; readonly content: Buffer } {
  let name = '';
  let content = Buffer.alloc(0);
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = record[at++];
      if (byte === undefined) throw new NoDatabase('it has a record that is cut off');
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < record.length) {
    const tag = number();
    const size = number();
    if ((tag & 7) !== 2) continue;
    if (at + size > record.length) throw new NoDatabase('it has a record that is cut off');
    if (tag >> 3 === 1) name = record.toString('utf8', at, at + size);
    if (tag >> 3 === 5) content = record.subarray(at, at + size) as Buffer<ArrayBuffer>;
    at += size;
  }
  return { name, content };
}

/** What k3s calls the password: a full token names the cluster’s authority and a user before it. */
export const passwordOf = (token: Secret): string =>
  token
    .reveal()
    .trim()
    .replace(/^K10[0-9a-f]+::(?:[^:]*:)?/, '');

/** Whether a password opens what k3s has sealed with one: salt, colon, and AES-GCM in base64. */
function opens(sealed: Buffer, password: string): boolean {
  const [salt = '', text = ''] = sealed.toString('latin1').split(':', 2);
  const data = Buffer.from(text, 'base64');
  if (data.length < 28) return false;
  const cipher = createDecipheriv('aes-256-gcm', pbkdf2Sync(password, salt, 4096, 32, 'sha1'), data.subarray(0, 12));
  cipher.setAuthTag(data.subarray(-16));
  try {
    cipher.update(data.subarray(12, -16));
    cipher.final();
    return true;
  } catch {
    return false;
  }
}
