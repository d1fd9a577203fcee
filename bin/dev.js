#!/usr/bin/env node
// For work on Slipway itself: builds what changed, then runs it with oclif's development settings
// (stack traces, warnings). `bin/run.js` runs what was built last.
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');

const root = join(__dirname, '..');
const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 2, 2] });
if (built.status !== 0) process.exit(1);

const args = process.argv.slice(2);
void require('./load.js').load(args).program.main(args, __filename, { debug: true });
