import { readdirSync, readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { describeCloudProvider } from './machine-provider.js';
import { memoryHarness } from './support/memory-harness.js';

describeCloudProvider('The example of a provider', () => memoryHarness());

it('the example of a provider can be read in one sitting: 300 lines at most', () => {
  const folder = new URL('../../docs/examples/provider/', import.meta.url);
  const lines = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8').split('\n').length - 1);
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(300);
});
