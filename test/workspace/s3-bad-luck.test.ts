import { onTestFinished, describe, expect, it } from 'vitest';

import { s3Location } from '../../src/workspace/s3/location.js';
import type { S3Blobs } from '../../src/workspace/s3/s3-blobs.js';

import { s3Blobs } from '../support/s3-blobs.js';
import { s3Keys } from '../support/s3-servers.js';
import { smallS3, type SmallS3, type SmallS3Options } from '../support/small-s3.js';
import { refusal, SteppedClock } from './support.js';

const trueNow = '2026-11-20T10:00:00.000Z';

async function started(options: SmallS3Options): Promise<SmallS3> {
  const server = await smallS3(options);
  onTestFinished(() => server.close());
  return server;
}

const blobs = (server: SmallS3, { now = trueNow, warnings = [] as string[] } = {}): S3Blobs =>
  s3Blobs(server, 's3://small/team', { clock: new SteppedClock(now), warn: (text) => void warnings.push(text) });

describe('a workspace in a bucket', () => {
  it('takes a create whose answer was lost for its own, and says no to everybody else', async () => {
    const server = await started({
      trouble: (method, _, nth) => (method === 'PUT' && nth === 1 ? 'cut-after' : undefined),
    });
    expect(await blobs(server).create('key', 'the same text')).toBe(true);
    expect(await blobs(server).create('key', 'the same text')).toBe(false);
  });

  it('does not take another’s blob for its own after its own create never arrived', async () => {
    const server = await started({ trouble: (method, _, nth) => (method === 'PUT' && nth === 2 ? 'cut' : undefined) });
    expect(await blobs(server).create('key', 'the same text')).toBe(true);
    expect(await blobs(server).create('key', 'the same text')).toBe(false);
  });

  it('replaces once what it was asked to replace, though the answer was lost', async () => {
    const server = await started({
      trouble: (method, _, nth) => (method === 'PUT' && nth === 3 ? 'cut-after' : undefined),
    });
    const store = blobs(server);
    await store.create('key', 'one');
    const { version } = (await store.read('key'))!;
    expect(await store.replace('key', 'two', version)).toBe(true);
    expect((await store.read('key'))?.text).toBe('two');
    expect(server.seen.filter(({ method }) => method === 'PUT')).toHaveLength(2);
  });

  it('goes on after a server that is busy, and gives up with the next step when it stays so', async () => {
    const busy = { status: 503, code: 'SlowDown' };
    const passing = await started({ trouble: (_, __, nth) => (nth < 4 ? busy : undefined) });
    expect(await blobs(passing).create('key', 'text')).toBe(true);
    const error = await refusal(blobs(await started({ trouble: () => busy })).read('key'));
    expect(error).toMatchObject({ code: 'S3_UNAVAILABLE', exitCode: 4 });
    expect(error.message).toBe('s3://small/team did not answer GET key: SlowDown.');
    expect(error.hint).toContain('run the same command again');
  });

  it('says that the server is gone', async () => {
    const server = await smallS3();
    await server.close();
    const error = await refusal(blobs(server).create('key', 'text'));
    expect(error).toMatchObject({ code: 'S3_UNAVAILABLE', exitCode: 4 });
  });

  it('signs by the server’s clock where its own is off by a day, and says so once', async () => {
    const skewed = { status: 403, code: 'RequestTimeTooSkewed', headers: { date: 'Fri, 20 Nov 2026 10:00:00 GMT' } };
    const server = await started({
      trouble: () => (server.seen.at(-1)!.headers['x-amz-date'] === '20261120T100000Z' ? undefined : skewed),
    });
    const warnings: string[] = [];
    const store = blobs(server, { now: '2026-11-21T10:00:00.000Z', warnings });
    expect(await store.create('key', 'text')).toBe(true);
    expect((await store.read('key'))?.text).toBe('text');
    expect(warnings).toEqual([
      'The clock of this computer is 1440 min ahead of that of s3://small/team; set it right.',
    ]);
  });

  it.each([
    ['InvalidAccessKeyId', 403, 'S3_ACCESS'],
    ['AccessDenied', 403, 'S3_ACCESS'],
    ['NoSuchBucket', 404, 'NO_SUCH_BUCKET'],
    ['AuthorizationHeaderMalformed', 400, 'S3_REGION'],
    ['PermanentRedirect', 301, 'S3_REGION'],
  ])('says of %s what to do, and shows no secret', async (code, status, ours) => {
    const server = await started({ trouble: () => ({ status, code }) });
    const error = await refusal(blobs(server).create('key', 'text'));
    expect(error).toMatchObject({ code: ours, exitCode: 2 });
    expect(error.hint).toMatch(/Check AWS_|Make the bucket|Name the bucket/);
    expect(JSON.stringify(error)).not.toContain(s3Keys.AWS_SECRET_ACCESS_KEY);
    expect(server.seen).toHaveLength(1);
  });

  it('is not offered by a server without conditional writes', async () => {
    const server = await started({ conditions: 'not-implemented' });
    expect(await refusal(blobs(server).create('key', 'text'))).toMatchObject({ code: 'BUCKET_UNFIT', exitCode: 3 });
  });

  it('signs the conditions, and never sends the secret key', async () => {
    const server = await started({});
    await blobs(server).create('key', 'text');
    const { headers } = server.seen[0]!;
    expect(headers.authorization).toMatch(/SignedHeaders=[^,]*if-none-match/);
    expect(JSON.stringify(headers)).not.toContain(s3Keys.AWS_SECRET_ACCESS_KEY);
  });
});

describe('the place of a workspace in a bucket', () => {
  const env = { AWS_REGION: 'eu-central-1' };

  it.each([
    ['s3://team', { bucket: 'team', prefix: '', region: 'eu-central-1', endpoint: undefined, pathStyle: false }],
    ['s3://team/a/b/', { prefix: 'a/b/' }],
    ['s3://with.dots/a', { pathStyle: true }],
    [
      's3://team?region=fsn1&endpoint=https://fsn1.example.com/',
      { region: 'fsn1', endpoint: 'https://fsn1.example.com', pathStyle: true },
    ],
    ['s3://team?endpoint=https://s3.example.com&path-style=false', { pathStyle: false }],
  ])('%s is read', (text, expected) => {
    expect(s3Location(text, env)).toMatchObject(expected);
  });

  it.each([
    ['s3://', 'it names no bucket'],
    ['s3://x', 'x is not a bucket’s name'],
    ['s3://team/a b', 'the prefix "a b" has more than letters'],
    ['s3://key:secret@team/a', 'credentials do not belong into it'],
    ['s3://team?acl=public', 'it has no option acl'],
    ['s3://team?endpoint=ftp://x', 'is not an address'],
    ['s3://team?path-style=maybe', 'path-style is true or false'],
  ])('%s is refused: %s', async (text, why) => {
    const error = await refusal(Promise.resolve().then(() => s3Location(text, env)));
    expect(error).toMatchObject({ code: 'WORKSPACE_LOCATION', exitCode: 2 });
    expect(error.message).toContain(why);
  });
});
