import { describe, expect, it } from 'vitest';

import { openApiAbsence } from '../support/openapi.js';
import { describeCloudProvider, describeEmulatedCloud } from './machine-provider.js';
import { hetznerHarness } from './support/hetzner-harness.js';

const absence = openApiAbsence();
if (absence) console.log(`skipped: requests are not compared with the official description, for ${absence}`);

describeCloudProvider('The Hetzner provider', () => hetznerHarness());
describeEmulatedCloud('The Hetzner provider, when its API fails', () => hetznerHarness());

describe.skipIf(absence !== undefined)('The comparison with the official description', () => {
  it('is made for every request of the contract above', async () => {
    const harness = await hetznerHarness();
    await (await harness.open()).clusters({ signal: new AbortController().signal });
    expect(harness.violations).toEqual([]);
    await (
      await harness.open()
    ).machines.delete({ id: 'no-number', name: 'demo' }, { signal: new AbortController().signal });
    expect(harness.violations).toEqual([
      'DELETE /servers/no-number: DELETE /servers/no-number is no operation of the document',
    ]);
    await harness.close();
  });
});
