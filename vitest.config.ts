import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/e2e/**', 'node_modules/**'],
    // Many tests wait for a while: one more than a small machine has cores keeps it busy.
    maxWorkers: Math.max(3, availableParallelism()),
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // A busy machine may take its time; a test that would fail takes this long to say so.
    expect: { poll: { timeout: 10_000 } },
  },
});
