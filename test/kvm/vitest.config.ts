import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/kvm/**/*.kvm.ts'],
    // One daemon, and real machines on it.
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
    reporters: ['default'],
  },
});
