/*
 * A process that wants locks: `lock-contender.js <workspace> [point]`. Says `ready`; told `go demo` it tries for that
 * cluster's lock and says `won` or `busy`; it keeps the lock until it is killed or told `release`. With a number it
 * kills itself at that boundary point, counted from 0.
 */
import { createInterface } from 'node:readline';

import { systemClock, systemRandom } from '../../src/domain/clock.js';
import { BusyError } from '../../src/errors/index.js';
import { openWorkspace, type Lock } from '../../src/workspace/index.js';

const [path = '', fatalPoint] = process.argv.slice(2);
let passed = 0;
let lock: Lock | undefined;

const say = (word: string): void => void process.stdout.write(`${word}\n`);

const workspace = openWorkspace({
  path,
  // A bucket takes keys.
  env: path.startsWith('s3:') ? process.env : {},
  clock: systemClock,
  random: systemRandom,
  boundary: async () => {
    if (fatalPoint !== undefined && passed++ === Number(fatalPoint)) process.kill(process.pid, 'SIGKILL');
  },
  generateKeyPair: () => {
    throw new Error('a contender needs no keys');
  },
});

async function obey(order: string): Promise<void> {
  if (order === 'release') {
    await lock?.release();
    say('released');
    return;
  }
  try {
    lock = await workspace.cluster(order.replace(/^go /, '')).lock('cluster create');
    say('won');
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    say('busy');
  }
}

createInterface({ input: process.stdin }).on('line', (order) => void obey(order));
say('ready');
