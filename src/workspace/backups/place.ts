import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { RefusedError } from '../../errors/index.js';
import { BucketPlace } from '../admin/bucket-place.js';
import type { BlobStore } from '../blob-store.js';
import { LocalBlobs } from '../local-blobs.js';
import { Files } from '../files.js';
import { isS3 } from '../paths.js';
import { PrefixedBlobs } from '../prefixed-blobs.js';
import { heldFile, type OpenS3Options, openSealed, s3Place } from '../s3/open-s3.js';
import { type Header, headerKey, headerText, newHeader, readHeader } from '../sealed/header.js';
import { identities, identityPath } from '../sealed/identity.js';
import { ownIdentity } from '../sealed/own-identity.js';
import { SealedBlobs } from '../sealed/sealed-blobs.js';
import { SeenBlobs } from '../sealed/seen.js';

/** Where backups are: everything in it is sealed. */
export interface BackupPlace {
  readonly where: string;
  /** The country that it lies in, `DE`; `here` for this computer, undefined where that is not known. */
  readonly country: string | undefined;
  readonly sealed: SealedStore;
  /** The same, as whoever comes next finds it: it may have been sealed anew since. */
  reopened(): Promise<SealedStore>;
}

export interface SealedStore {
  readonly store: BlobStore;
  /** Another one once it is sealed with another key, or for others. */
  readonly seal: string;
}

/**
 * @param to a folder or a bucket
 * @param isWorkspace whether that is the workspace itself, which is there already where it is a bucket
 * @param mode whether it is made where there is none, and this computer's identity with it
 * @returns undefined where there is none
 */
export async function openBackupPlace(
  to: string,
  isWorkspace: boolean,
  options: OpenS3Options,
  mode: 'make' | 'look',
): Promise<BackupPlace | undefined> {
  if (!isS3(to)) return folderPlace(to, options, mode);
  if (mode === 'make') await ensureIdentity(options);
  const place = await s3Place(to, options);
  const { where, location } = place;
  if (!isWorkspace && !(await place.header())) {
    if (mode === 'look') return undefined;
    const made = new BucketPlace(place, options);
    await made.begin();
    await made.open();
  }
  const reopened = async (): Promise<SealedStore> => {
    const { store, header } = await openSealed(place);
    return { store, seal: sealOf(header) };
  };
  return { where, country: location.country, sealed: await reopened(), reopened };
}

/** Beside the clusters of a workspace that is a folder, but sealed: whoever takes a copy of it has nothing in hand. */
async function folderPlace(
  folder: string,
  options: OpenS3Options,
  mode: 'make' | 'look',
): Promise<BackupPlace | undefined> {
  const { env, home, random, clock, quietFiles, warn, boundary } = options;
  const where = join(folder, 'backups');
  const files = new Files({ root: folder, boundary, random, warn });
  const raw = new LocalBlobs(folder, { ...options, files, busy: heldFile });
  const beside = new PrefixedBlobs(() => Promise.resolve(raw), 'backups/');
  if (mode === 'make') await ensureIdentity(options);
  else if (!(await beside.read(headerKey))) return undefined;
  const own = await identities(env, identityPath(env, home), quietFiles);
  for (const identity of own) options.secrets.add(identity.reveal());
  const seen = new SeenBlobs(
    new LocalBlobs(join(home, 'state', 'seen', nameOf(where)), { ...options, files: quietFiles, busy: heldFile }),
  );
  let there = await readHeader(beside, where, own);
  if (!there && mode === 'make') {
    const { recipients } = await ownIdentity(options);
    const header = { ...newHeader(random, recipients, new Date(clock.now()).toISOString()), state: 'ready' as const };
    // Whatever this computer has seen in this folder before: what is made now counts.
    if (await beside.create(headerKey, await headerText(header))) await seen.forgetId();
    there = await readHeader(beside, where, own);
  }
  if (!there) return undefined;
  if ((await seen.knownId(there.header.id)) !== there.header.id) {
    throw new RefusedError(`${where} holds other backups than this computer has seen there.`, {
      code: 'BLOB_SWAPPED',
      hint: `Find out who has replaced ${where}. If that was meant, remove ${join(home, 'state', 'seen', nameOf(where))}.`,
    });
  }
  const store = new SealedBlobs(raw, { where: folder, header: there.header, identities: own, random, seen });
  const sealed = { store, seal: sealOf(there.header) };
  return { where, country: 'here', sealed, reopened: () => Promise.resolve(sealed) };
}

/** Who loses it loses the backups with it, so its making is told. */
async function ensureIdentity(options: OpenS3Options): Promise<void> {
  const { created, path } = await ownIdentity(options);
  if (created)
    options.warn(`Backups are sealed for this computer’s identity, made just now. Keep a copy of ${path} elsewhere.`);
}

const sealOf = ({ id, keys, recipients }: Header): string =>
  createHash('sha256')
    .update(JSON.stringify([id, keys[0], recipients]))
    .digest('hex');

const nameOf = (where: string): string => createHash('sha256').update(where).digest('hex').slice(0, 16);
