import type { Reporter } from 'vitest/node';

import { chromiumMissing } from './chromium.js';
import { sshdMissing } from './sshd.js';

const unproved = [
  { what: 'host keys, checksums and everything run on hosts', missing: sshdMissing },
  { what: 'how pages look', missing: chromiumMissing },
];

/** The last word of a test run: what a missing program left unproved. In CI that is a failure. */
export default class Unproved implements Reporter {
  onTestRunEnd(): void {
    for (const { what, missing } of unproved) {
      if (missing === undefined) continue;
      process.stdout.write(`Not proved: ${what}; ${missing.replace(/^skipped: /, '')}.\n`);
      if (process.env['CI']) process.exitCode = 1;
    }
  }
}
