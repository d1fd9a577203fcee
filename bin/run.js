#!/usr/bin/env node
// Answers --version and help from files made by the build, and loads oclif only for what is left.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const read = (path) => readFileSync(join(__dirname, path), 'utf8');
const args = process.argv.slice(2);

// As package.json has it for npm. What it may not even be able to read comes later.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19))
  process.stderr.write(`Warning: Slipway needs Node 20.19 or newer, and this is ${process.versions.node}.\n`);

// A reader that goes away (`slipway … | head`) ends neither the work nor the calm.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });

/** The help that was asked for; undefined where oclif has to look at it. */
function helpFor(words) {
  const end = words.indexOf('--');
  const flags = (end === -1 ? words : words.slice(0, end)).filter((word) => word.startsWith('-'));
  const asked = words[0] === 'help' || flags.some((flag) => flag === '--help' || flag === '-h');
  if (words[0] === 'help') words = words.slice(1);
  const firstFlag = words.findIndex((word) => word.startsWith('-'));
  const names = firstFlag === -1 ? words : words.slice(0, firstFlag);
  // A command that is to run is not looked for here.
  if (!asked && names.length > 1) return undefined;
  const { root, topics, commands } = JSON.parse(read('../dist/help.json'));
  if (names.length === 0) return asked || words.length === 0 ? root : undefined;
  const whole = names.join(' ');
  if (!asked) return words.length === 1 && !commands[whole] ? topics[whole] : undefined;
  // Arguments may follow a command's own words; a topic takes none.
  for (let length = names.length; length > 0; length--) {
    const text = commands[names.slice(0, length).join(' ')];
    if (text) return text;
  }
  return topics[whole];
}

/** Whether standard output takes colours: NO_COLOR, FORCE_COLOR and pipes are respected. */
function colored() {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return !NO_COLOR && TERM !== 'dumb' && process.stdout.isTTY === true;
}

function version() {
  const { name, version } = JSON.parse(read('../package.json'));
  return `${name}/${version} ${process.platform}-${process.arch} node-${process.version}`;
}

/** What can be said without oclif; undefined: nothing. */
async function quickAnswer() {
  if (args[0] === '--version' || args[0] === '-v') return `${version()}\n`;
  const page = helpFor(args)?.replace('{version}', version);
  if (page === undefined) return undefined;
  const { helpAsTyped } = await import('../dist/src/ui/help.js');
  const text = helpAsTyped(page, { script: process.argv[1], cwd: process.cwd(), env: process.env });
  // eslint-disable-next-line no-control-regex -- that is what colours are
  return colored() ? text : text.replace(/\u001B\[[0-9;]*m/g, '');
}

/** Whether a file of the build is not there. */
const notBuilt = (error) =>
  error.code === 'ENOENT' || (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes('dist'));

async function main() {
  let loaded;
  try {
    const answer = await quickAnswer();
    if (answer !== undefined) {
      process.stdout.write(answer);
      return;
    }
    loaded = require('./load.js').load(args);
  } catch (error) {
    if (!notBuilt(error)) throw error;
    process.stderr.write('Slipway is not built yet: `npm ci` in its folder installs and builds it.\n');
    process.exitCode = 1;
    return;
  }
  const { program, findings, keep } = loaded;
  await program.main(args, join(__dirname, '../package.json'), { findings });
  keep();
}

void main();
