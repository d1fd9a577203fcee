import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type ApiServer, recordings, replay } from '../../support/conversations.js';
import { createHosts, destroyHosts } from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';

/** The same recordings are held against the sandbox's Kubernetes API by the ordinary tests. */
describe('what clients say to an API server', () => {
  const slipway = new Slipway();
  let server: ApiServer;

  beforeAll(async () => {
    const hosts = await createHosts({ talk: 91 });
    slipway.write(ringFile('talk', [listed(hosts.get('talk')!)]));
    await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes']);
    server = await slipway.api('talk');
  });
  afterAll(async () => {
    await destroyHosts('talk');
    slipway.close();
  });

  it.each(recordings().map((talk) => [talk.name, talk] as const))('is answered as recorded: %s', async (_, talk) => {
    expect(await replay(server, talk)).toEqual([]);
  });
});
