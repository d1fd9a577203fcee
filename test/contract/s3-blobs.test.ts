import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { client } from '../support/clients.js';
import { s3Blobs } from '../support/s3-blobs.js';
import { moto, type S3Server, versitygw } from '../support/s3-servers.js';
import { blobStoreContract } from './blob-store.js';

const servers = { moto, versitygw };
const running: Partial<Record<keyof typeof servers, { readonly server: S3Server; readonly bucket: string }>> = {};

beforeAll(async () => {
  for (const name of ['moto', 'versitygw'] as const) {
    const server = await servers[name]();
    if (server) running[name] = { server, bucket: await server.bucket() };
  }
});
afterAll(async () => {
  for (const { server } of Object.values(running)) await server.close();
});

let prefixes = 0;

for (const name of ['moto', 'versitygw'] as const) {
  describe.skipIf(client(name) === undefined)(`a bucket at ${name}`, () => {
    blobStoreContract(`a bucket at ${name}`, () => {
      const { server, bucket } = running[name]!;
      const place = `s3://${bucket}/team-${(prefixes += 1)}`;
      return { open: () => s3Blobs(server, place) };
    });

    it('lists more than one page', async () => {
      const { server, bucket } = running[name]!;
      const store = s3Blobs(server, `s3://${bucket}/pages`);
      const keys = Array.from({ length: 1_030 }, (_, index) => `journal/${String(index).padStart(4, '0')}`);
      for (let at = 0; at < keys.length; at += 50)
        await Promise.all(keys.slice(at, at + 50).map((key) => store.create(key, 'x')));
      expect(await store.list('journal/')).toEqual(keys);
    });

    it('says that a bucket is not there, rather than that it holds nothing', async () => {
      const { server } = running[name]!;
      const store = s3Blobs(server, 's3://never-made');
      for (const work of [
        () => store.read('a'),
        () => store.list(''),
        () => store.create('a', 'b'),
        () => store.replace('a', 'b', '"c"'),
      ])
        await expect(work()).rejects.toMatchObject({ code: 'NO_SUCH_BUCKET', exitCode: 2 });
    });
  });
}
