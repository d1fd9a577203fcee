// What Slipway itself adds to each node of an upgrade: with a sandbox whose machines and kubelets take next to no time, what
// is left is ours. Prints JSON. Needs a build.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startSandbox, stopSandbox } from '../../build/providers/sandbox/index.js';

const bin = new URL('../../bin/run.js', import.meta.url).pathname;
const servers = 3;
const workers = 5;
const home = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
const options = { cwd: home, env: { PATH: process.env.PATH, HOME: home, SLIPWAY_HOME: join(home, 'ws') } };
const folder = join(home, 'ws', 'state', 'sandbox');
await startSandbox(folder, { timeScale: 0.001 });
const size = ['--control-planes', String(servers), '--workers', String(workers)];
const create = ['cluster', 'create', 'bench', '--provider', 'sandbox', ...size, '--kubernetes-version', 'v1.35.5+k3s1'];
execFileSync(process.execPath, [bin, ...create, '--yes'], { ...options, stdio: 'ignore' });

/** Seconds a node, from the first step to the end of the last one. */
function upgrade(to) {
  const args = [bin, 'cluster', 'upgrade', 'bench', '--to', to, '--yes', '--progress', 'json'];
  const { stderr, status } = spawnSync(process.execPath, args, options);
  if (status !== 0) throw new Error(`upgrade to ${to} ended with ${status}: ${stderr}`);
  const events = String(stderr)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  const { ms } = events.findLast(({ type }) => type === 'operation-finished');
  return Number((ms / 1000 / (servers + workers)).toFixed(2));
}

const patch = upgrade('v1.35.6+k3s1');
const minor = upgrade('v1.36.5+k3s1');
await stopSandbox(folder);
rmSync(home, { recursive: true, force: true });
console.log(
  JSON.stringify({ nodes: servers + workers, patchSecondsPerNode: patch, minorSecondsPerNode: minor, aim: 1 }),
);
