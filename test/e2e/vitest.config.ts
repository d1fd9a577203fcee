import { BaseSequencer } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/**
 * Two chapters are told at once. Those of several servers keep the processors busy, those of one mostly wait: here either
 * kind has the other beside it, and what takes long begins early, so that the last is not told alone.
 */
const order = [
  '00-rig',
  '10-bare-metal',
  '60-restore',
  '14-upgrade',
  '30-bad-luck',
  '15-recycle',
  '61-quarantine',
  '12-kube-vip',
  '20-refusals',
  '13-cut-short',
  '15-lost-machine',
  '62-restore-three',
  '50-components',
  '11-voter',
  '40-conversations',
];

/** Chapters that the order does not have come first, by their names. */
class InOrder extends BaseSequencer {
  override async sort(files: Parameters<BaseSequencer['sort']>[0]) {
    const place = ({ moduleId }: (typeof files)[number]): number =>
      order.findIndex((name) => moduleId.endsWith(`/${name}.e2e.ts`));
    return [...files].sort((a, b) => place(a) - place(b) || a.moduleId.localeCompare(b.moduleId));
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
