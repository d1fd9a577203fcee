import { describe, expect, it, onTestFinished } from 'vitest';

import { systemRandom } from '../../src/domain/index.js';
import { proveBucket } from '../../src/workspace/s3/prove.js';
import type { S3Blobs } from '../../src/workspace/s3/s3-blobs.js';
import { client } from '../support/clients.js';
import { s3Blobs } from '../support/s3-blobs.js';
import { moto, type S3Server, versitygw } from '../support/s3-servers.js';
import { smallS3, type SmallS3Options } from '../support/small-s3.js';
import { refusal } from './support.js';

async function blobsAt(server: S3Server): Promise<S3Blobs> {
  onTestFinished(() => server.close());
  return s3Blobs(server, `s3://${await server.bucket()}`);
}

describe('a bucket that is to hold a workspace', () => {
  it.skipIf(client('moto') === undefined)('is proved at moto, and nothing is left there', async () => {
    const store = await blobsAt((await moto())!);
    await proveBucket(store, 's3://team', systemRandom);
    expect(await store.list('')).toEqual([]);
  });

  it.skipIf(client('versitygw') === undefined)('is proved at versitygw, and nothing is left there', async () => {
    const store = await blobsAt((await versitygw())!);
    await proveBucket(store, 's3://team', systemRandom);
    expect(await store.list('')).toEqual([]);
  });

  it.each<[NonNullable<SmallS3Options['conditions']>, RegExp]>([
    ['ignored', /of 32 writers at once that may only create, 32 succeeded/],
    ['late', /of 32 writers at once that may only create, \d+ succeeded/],
    ['if-match-ignored', /of 32 writers at once that may only change what they read, 32 succeeded/],
    ['not-implemented', /NotImplemented/],
  ])('is refused where the server’s conditions are %s, and says why', async (conditions, why) => {
    const server = await smallS3({ conditions });
    const error = await refusal(proveBucket(await blobsAt(server), 's3://team', systemRandom));
    expect(error).toMatchObject({ code: 'BUCKET_UNFIT', exitCode: 3 });
    expect(error.message).toMatch(why);
    expect([...server.objects.keys()]).toEqual([]);
  });
});
