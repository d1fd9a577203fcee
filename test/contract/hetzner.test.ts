import { it } from 'vitest';

import { describeMachineProvider } from './machine-provider.js';
import { hetznerHarness } from './support/hetzner-harness.js';
import { officialDocument } from './support/openapi-requests.js';

describeMachineProvider('The Hetzner provider', () => hetznerHarness());

// Absent, the contract still runs; its requests are then not compared with the official description.
it.skipIf(officialDocument('hetzner-cloud.openapi.json') !== undefined)(
  'the official OpenAPI document is not here: requests are not compared with it',
  ({ skip }) => skip(),
);
