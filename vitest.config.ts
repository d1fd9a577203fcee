import { availableParallelism } from 'node:os';

import { configDefaults, defineConfig } from 'vitest/config';

import { compiledFiles, compiledRooms } from './test/support/compiled-rooms.js';
import LongestFirst from './test/support/longest-first.js';

/** What starts programs, and goes by their time: a process of its own for each file. */
const programs = ['test/{scenarios,contract,support}/**/*.test.ts', 'test/providers/sandbox/kube-api/**/*.test.ts'];
/** Conditions that are rare, and commands killed at the boundaries that those leave out: a suite of its own, as each takes a cluster's time. */
const rare = ['test/{rare,kills}/**/*.test.ts'];

const cores = availableParallelism();
/** They mostly wait, for the sandbox's clock: many of them keep a machine busy. One needs 0.4 GiB with what it starts. */
const waiting = { maxWorkers: Math.min(cores * 2 + 6, 16), sequence: { sequencer: LongestFirst, groupOrder: 0 } };

/** Set by whole runs, which build first. One file alone is run from its sources, so that it needs no build. */
const isCompiled = process.env['SLIPWAY_TEST_COMPILED'] === '1';

export default defineConfig({
  plugins: isCompiled ? [compiledRooms] : [],
  test: {
    server: { deps: { external: isCompiled ? [compiledFiles] : [] } },
    reporters: ['default', './test/support/unproved.ts'],
    sequence: { sequencer: LongestFirst },
    // Waits follow the sandbox's clock and end with what they wait for. These limits only end what hangs, so that a busy
    // machine may take its time; a test that would fail takes this long to say so.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      { extends: true, test: { name: 'programs', include: programs, ...waiting } },
      { extends: true, test: { name: 'rare', include: rare, ...waiting } },
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...programs, ...rare, 'test/e2e/**'],
          // All modules anew for each file would take as long as the tests of most; none of them leaves anything behind.
          isolate: false,
          maxWorkers: cores + 2,
          sequence: { sequencer: LongestFirst, groupOrder: 1 },
        },
      },
    ],
  },
});
