// node test/bench/components-plan.mjs: the plan of an unchanged cluster with the full baseline; one line of JSON. Needs a build.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { startSandbox, stopSandbox } from '../../build/providers/sandbox/index.js';

const runs = 7;
const bin = new URL('../../bin/run.js', import.meta.url).pathname;
const home = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const folder = join(home, 'ws', 'state', 'sandbox');
const file = join(home, 'cluster.yaml');
writeFileSync(
  file,
  JSON.stringify({
    apiVersion: 'slipway.dev/v1',
    kind: 'Cluster',
    name: 'bench',
    provider: { name: 'sandbox' },
    controlPlane: { count: 3 },
    pools: [{ name: 'web', count: 3 }],
    components: { nats: {} },
  }),
);

const slipway = (...args) =>
  execFileSync(process.execPath, [bin, ...args, '--progress', 'none', '--json'], {
    env: { PATH: process.env.PATH, HOME: home, SLIPWAY_HOME: join(home, 'ws') },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
const timed = (work) => {
  const begin = performance.now();
  work();
  return performance.now() - begin;
};
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

// Answers take no time of their own here, so that what is measured is what comes beyond them.
await startSandbox(folder, { timeScale: 0.01 });
try {
  slipway('cluster', 'create', '-f', file, '--yes');
  const times = Array.from({ length: runs }, () =>
    timed(() => {
      const { steps } = JSON.parse(slipway('cluster', 'plan', '-f', file));
      if (steps.length > 0) throw new Error(`the plan of an unchanged cluster has ${steps.length} steps`);
    }),
  );
  const startMs = median(Array.from({ length: runs }, () => timed(() => slipway('cluster', 'list'))));
  const { components } = JSON.parse(slipway('component', 'status', '-c', 'bench'));
  console.log(
    JSON.stringify({
      components: components.length,
      planMs: Math.round(median(times)),
      slowestMs: Math.round(Math.max(...times)),
      ofWhichStartMs: Math.round(startMs),
      aimMs: 2000,
    }),
  );
} finally {
  await stopSandbox(folder);
  rmSync(home, { recursive: true, force: true });
}
