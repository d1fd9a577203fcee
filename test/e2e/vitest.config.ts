import { BaseSequencer } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/** Chapters are told in the order of their numbers. */
class InOrder extends BaseSequencer {
  override async sort(files: Parameters<BaseSequencer['sort']>[0]) {
    return [...files].sort((a, b) => a.moduleId.localeCompare(b.moduleId));
  }
}

export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    exclude: process.env['SLIPWAY_RECORD_KUBECONFIG'] === undefined ? ['test/e2e/record/**', 'node_modules/**'] : [],
    sequence: { sequencer: InOrder },
    reporters: ['verbose'],
    // Some stories have long waits in them, and each starts up to four servers of k3s on the same cores.
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 60_000,
  },
});
