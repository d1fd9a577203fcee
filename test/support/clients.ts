import { programAt, type Program } from '../../scripts/client-programs.js';

/**
 * Where an official client is that `npm run clients` has installed; undefined where that could not be done, which is
 * said. CI has them all: there a missing one is an error, not a test that nobody misses.
 */
export function client(program: Program): string | undefined {
  const path = programAt(program);
  if (path !== undefined) return path;
  const problem = `${program} is not installed: npm run clients says why`;
  if (process.env.CI) throw new Error(problem);
  console.warn(`skipped: ${problem}`);
  return undefined;
}
