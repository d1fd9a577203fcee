import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { Boundary } from '../../domain/boundary.js';
import type { Secret } from '../../domain/secret.js';
import { RefusedError, UnexpectedError, UsageError } from '../../errors/index.js';
import type { ClusterContext } from '../cluster-folder.js';
import type { Files } from '../files.js';
import { LocalBlobs } from '../local-blobs.js';
import type { KeyedMutex } from '../keyed-mutex.js';
import { movedError } from '../moved.js';
import type { Environment } from '../paths.js';
import { type Header, readHeader, type StoredHeader } from '../sealed/header.js';
import { identities, identityPath } from '../sealed/identity.js';
import { SealedBlobs } from '../sealed/sealed-blobs.js';
import { SeenBlobs } from '../sealed/seen.js';
import type { LockHolder } from '../types.js';
import { S3Client } from './client.js';
import { type S3Location, s3Credentials, s3Location } from './location.js';
import { S3Blobs } from './s3-blobs.js';

export interface OpenS3Options extends ClusterContext {
  readonly env: Environment;
  readonly boundary: Boundary;
  /** The folder of this computer that has its identity, and what it has seen of buckets. */
  readonly home: string;
  /** Files that pass no boundary. */
  readonly quietFiles: Files;
  readonly turns: KeyedMutex;
}

/** A bucket, with what it takes to make sense of what is in it. */
export interface S3Place {
  /** What it is called in messages: without its options. */
  readonly where: string;
  readonly location: S3Location;
  /** The bucket's own objects, sealed as they are. */
  readonly raw: S3Blobs;
  readonly identities: readonly Secret[];
  readonly seen: SeenBlobs;
  header(): Promise<StoredHeader | undefined>;
  sealed(header: Header): SealedBlobs;
}

/** @throws UsageError codes WORKSPACE_LOCATION, S3_CREDENTIALS, NO_IDENTITY, BAD_IDENTITY */
export async function s3Place(text: string, options: OpenS3Options): Promise<S3Place> {
  const { env, clock, random, boundary, warn, home, quietFiles } = options;
  const location = s3Location(text, env);
  const client = new S3Client(location, { credentials: s3Credentials(env, location), clock, random, warn });
  const raw = new S3Blobs({ client, clock, random, boundary });
  const own = await identities(env, identityPath(env, home), quietFiles);
  for (const identity of own) options.secrets.add(identity.reveal());
  const seen = new SeenBlobs(memory(location, options));
  const where = location.text.split('?')[0]!;
  return {
    where,
    location,
    raw,
    identities: own,
    seen,
    header: () => readHeader(raw, where, own),
    sealed: (header) => new SealedBlobs(raw, { where, header, identities: own, random, seen }),
  };
}

/** Another process does not end its short change of a file of this computer. */
export const heldFile = (path: string, { pid }: LockHolder): UnexpectedError =>
  new UnexpectedError(`Process ${pid} still holds ${path}.`, {
    code: 'WORKSPACE_ERROR',
    hint: 'End that process, then run the same command again.',
  });

/** What this computer has seen of this bucket. */
function memory({ bucket, prefix, endpoint }: S3Location, options: OpenS3Options): LocalBlobs {
  const name = createHash('sha256')
    .update([endpoint ?? '', bucket, prefix].join('\n'))
    .digest('hex')
    .slice(0, 16);
  const files = options.quietFiles;
  return new LocalBlobs(join(options.home, 'state', 'seen', name), {
    ...options,
    files,
    busy: heldFile,
  });
}

/**
 * The workspace in a bucket, for daily use.
 * @throws UsageError codes NOT_A_WORKSPACE, WORKSPACE_MOVED; RefusedError code BLOB_SWAPPED
 */
export async function openSealed(place: S3Place): Promise<{ readonly store: SealedBlobs; readonly header: Header }> {
  const { where } = place;
  const there = await place.header();
  if (!there) {
    throw new UsageError(`${where} holds no workspace yet.`, {
      code: 'NOT_A_WORKSPACE',
      hint: `Move this computer’s there: slipway workspace move '${place.location.text}'`,
    });
  }
  const { header } = there;
  if (header.state === 'filling') {
    throw new UsageError(`${where} is not all there: what is moved to it has not arrived whole.`, {
      code: 'NOT_A_WORKSPACE',
      hint: `Run the move again where it was begun: slipway workspace move '${place.location.text}'`,
    });
  }
  if (header.state === 'moved') {
    throw movedError(where, header.movedTo ?? 'another place');
  }
  await refuseOther(place, header);
  return { store: place.sealed(header), header };
}

/** @throws RefusedError code BLOB_SWAPPED where another workspace stands in place of the one that was there before */
async function refuseOther({ where, seen }: S3Place, { id }: Header): Promise<void> {
  if ((await seen.knownId(id)) === id) return;
  throw new RefusedError(`${where} holds another workspace than this computer has seen there.`, {
    code: 'BLOB_SWAPPED',
    hint: 'Find out who has replaced it. If that was meant, accept it: slipway workspace recover',
  });
}
