import type { Reporter } from 'vitest/node';

import { chromiumMissing } from './chromium.js';
import { sshdMissing } from './sshd.js';

const unproved = [
  { what: 'host keys, checksums and everything run on hosts', missing: sshdMissing },
  { what: 'how pages look', missing: chromiumMissing },
];

/** What is said of each part that could not be proved here. */
export const unprovedLines = (
  parts: readonly { readonly what: string; readonly missing: string | undefined }[],
): string[] =>
  parts.flatMap(({ what, missing }) =>
    missing === undefined ? [] : [`Not proved: ${what}; ${missing.replace(/^skipped: /, '')}.`],
  );

/** The last word of a test run: what a missing program left unproved. In CI that is a failure. */
export default class Unproved implements Reporter {
  onTestRunEnd(): void {
    for (const line of unprovedLines(unproved)) {
      process.stdout.write(`${line}\n`);
      if (process.env['CI']) process.exitCode = 1;
    }
  }
}
