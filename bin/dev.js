#!/usr/bin/env node
// For work on Slipway itself: compiles what changed, then runs it with oclif's development settings
// (stack traces, warnings). `bin/run.js` runs what was built last.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
const built = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: ['ignore', 2, 2],
});
if (built.status !== 0) process.exit(1);

const { execute, settings } = await import('@oclif/core');
settings.enableAutoTranspile = false;
settings.debug = true;
await execute({ dir: import.meta.url });
