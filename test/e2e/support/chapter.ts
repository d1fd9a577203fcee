import { appendFileSync } from 'node:fs';

import { it, type TestContext } from 'vitest';

import { lastWords } from './rig.js';
import { slack } from './slack.js';

/** For run.sh, which names what was under way when the time is up. */
function log(what: 'begun' | 'ended', promise: string): void {
  const file = process.env['SLIPWAY_E2E_STEPS'];
  if (file !== undefined) appendFileSync(file, `${what}\t${promise}\n`);
}

/**
 * The steps of one story: each a test, in order. When one fails the rest cannot be told, and is skipped with its name.
 */
export function chapter(): (promise: string, minutes: number, tell: () => Promise<void>) => void {
  let failed: string | undefined;
  return (promise, minutes, tell) => {
    it(promise, { timeout: slack * minutes * 60_000 }, async (context) => {
      if (failed !== undefined) context.skip(`after a failure: ${failed}`);
      // Also by running out of time.
      context.onTestFailed(() => {
        failed ??= promise;
      });
      log('begun', promise);
      try {
        await tell();
      } finally {
        log('ended', promise);
      }
    });
  };
}

/** For `afterEach`: after a failure, what these hosts wrote last. */
export const tellLastWords =
  (hosts: () => Iterable<string>) =>
  async ({ task }: TestContext): Promise<void> => {
    if (task.result?.state !== 'fail') return;
    for (const name of hosts()) console.log(`--- ${name}\n${await lastWords(name)}`);
  };

/** Notes how long something took, for the summary that run.sh prints at the end. */
export const took = (what: string, ms: number): void => noted(`${(ms / 1000).toFixed(1)} s`, what);

/** Notes what else was measured, for the same summary. */
export function noted(value: string, what: string): void {
  const file = process.env['SLIPWAY_E2E_TIMES'];
  if (file !== undefined) appendFileSync(file, `${value}\t${what}\n`);
}

/** Milliseconds since the call. */
export function stopwatch(): () => number {
  const began = performance.now();
  return () => performance.now() - began;
}
