import { openBoundary, systemClock, systemRandom, type Clock } from '../../src/domain/index.js';
import { S3Client } from '../../src/workspace/s3/client.js';
import { s3Credentials, s3Location } from '../../src/workspace/s3/location.js';
import { S3Blobs } from '../../src/workspace/s3/s3-blobs.js';
import type { S3Server } from './s3-servers.js';

/** The objects below a place in a bucket of this server, as they are. */
export function s3Blobs(
  { env }: Pick<S3Server, 'env'>,
  place: string,
  { clock = systemClock, warn = () => {} }: { clock?: Clock; warn?: (text: string) => void } = {},
): S3Blobs {
  const location = s3Location(place, env);
  const common = { clock, random: systemRandom, warn };
  const client = new S3Client(location, { ...common, credentials: s3Credentials(env, location) });
  return new S3Blobs({ ...common, client, boundary: openBoundary });
}
