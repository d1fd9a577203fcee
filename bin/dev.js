#!/usr/bin/env node
// For work on Slipway itself: builds what changed, then runs it with oclif's development settings
// (stack traces, warnings). `bin/run.js` runs what was built last.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 2, 2] });
if (built.status !== 0) process.exit(1);

const { load } = await import('./load.js');
const args = process.argv.slice(2);
await load(args).program.main(args, import.meta.url, { debug: true });
