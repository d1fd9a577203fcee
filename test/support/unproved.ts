import type { Reporter } from 'vitest/node';

import { sshdMissing } from './sshd.js';

/** The last word of a test run: what a missing program left unproved. In CI that is a failure. */
export default class Unproved implements Reporter {
  onTestRunEnd(): void {
    if (sshdMissing === undefined) return;
    const why = sshdMissing.replace(/^skipped: /, '');
    process.stdout.write(`Not proved: host keys, checksums and everything run on hosts; ${why}.\n`);
    if (process.env['CI']) process.exitCode = 1;
  }
}
