import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

import LongestFirst from './test/support/longest-first.js';

/** What starts programs, and goes by their time: a process of its own for each file. */
const programs = ['test/{scenarios,contract,support}/**/*.test.ts', 'test/providers/sandbox/kube-api/**/*.test.ts'];

export default defineConfig({
  test: {
    reporters: ['default', './test/support/unproved.ts'],
    // Many tests wait for a while: more of them than a machine has cores keep it busy.
    maxWorkers: availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    // Waits follow the sandbox's clock and end with what they wait for. These limits only end what hangs, so that a busy
    // machine may take its time; a test that would fail takes this long to say so.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      { extends: true, test: { name: 'programs', include: programs } },
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: [...programs, 'test/e2e/**', 'node_modules/**'],
          // All modules anew for each file would take as long as the tests of most; none of them leaves anything behind.
          isolate: false,
        },
      },
    ],
  },
});
