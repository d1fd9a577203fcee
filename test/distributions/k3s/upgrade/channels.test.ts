import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { readChannels } from '../../../../src/distributions/k3s/upgrade/channels.js';

let server: Server | undefined;
afterEach(() => server?.close());

/** A channel server that answers everything like this. */
async function serving(status: number, text: string): Promise<string> {
  server = createServer((_, response) => response.writeHead(status).end(text));
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/channels`;
}
const { signal } = new AbortController();

describe('the channels of k3s', () => {
  it('are read with the newest release of each, and those without one are left out', async () => {
    const address = await serving(
      200,
      JSON.stringify({ data: [{ id: 'stable', latest: 'v1.36.5+k3s1' }, { id: 'v1.37' }] }),
    );
    expect([...(await readChannels(address, { signal }))]).toEqual([['stable', 'v1.36.5+k3s1']]);
  });

  it.each([
    ['it answers with an error', 503, 'busy', /it answered 503/],
    ['its answer is no JSON', 200, '<html>', /not a list of channels/],
    ['its answer is another document', 200, '{"data": [{"id": 7}]}', /not a list of channels/],
  ])('are told to be unreachable, with what to type instead, where %s', async (_what, status, text, why) => {
    const address = await serving(status, text);
    await expect(readChannels(address, { signal })).rejects.toMatchObject({
      code: 'CHANNELS_UNREACHABLE',
      message: expect.stringMatching(why) as string,
      hint: expect.stringContaining('v1.MINOR.PATCH+k3s1') as string,
    });
  });

  it('are told to be unreachable where nobody listens', async () => {
    const address = await serving(200, '');
    server!.close();
    await expect(readChannels(address, { signal })).rejects.toMatchObject({ code: 'CHANNELS_UNREACHABLE' });
  });
});
