import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/unproved.ts'],
    exclude: ['test/e2e/**', 'node_modules/**'],
    // Many tests wait for a while: one more than a small machine has cores keeps it busy.
    maxWorkers: Math.max(3, availableParallelism()),
    // Waits follow the sandbox's clock and end with what they wait for. These limits only end what hangs, so that a busy
    // machine may take its time; a test that would fail takes this long to say so.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
