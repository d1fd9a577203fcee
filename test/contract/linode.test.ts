import { describe, expect, it } from 'vitest';

import { linodeApiAbsence } from '../support/openapi-linode.js';
import { describeCloudProvider, describeEmulatedCloud } from './machine-provider.js';
import { linodeHarness } from './support/linode-harness.js';

const absence = linodeApiAbsence();
if (absence) console.log(`skipped: requests are not compared with the official description, for ${absence}`);

describeCloudProvider('The Linode provider', () => linodeHarness());
describeEmulatedCloud('The Linode provider, when its API fails', () => linodeHarness());

describe.skipIf(absence !== undefined)('The comparison with Linode’s official description', () => {
  it('is made for every request of the contract above', async () => {
    const harness = await linodeHarness();
    const options = { signal: new AbortController().signal };
    await (await harness.open()).clusters(options);
    expect(harness.violations).toEqual([]);
    await (await harness.open()).machines.delete({ id: 'no-number', name: 'demo' }, options);
    expect(harness.violations).toEqual([
      'GET /linode/instances/no-number: GET /v4/linode/instances/no-number is no operation of the document',
    ]);
    await harness.close();
  });
});
