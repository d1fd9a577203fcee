// Loads the program: one file that V8 would read and compile anew each time. What it compiled is kept in the user's cache
// folder and taken from there, which is a third of what an everyday command costs.
const { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { homedir } = require('node:os');
const { getHeapCodeStatistics } = require('node:v8');
const { dirname, join } = require('node:path');
const { Script } = require('node:vm');

const dist = join(__dirname, '../dist');

/** The folder of what was compiled: of this build, this Node and this kind of processor alone. */
function cacheFolder() {
  const { mtimeMs, size } = statSync(join(dist, 'main.cjs'));
  const build = [mtimeMs, size, process.version, process.arch].join('-');
  return { all: join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'slipway', 'compiled'), build };
}

/** Undefined where there is none: a cache is never needed. */
function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** What a command compiled is kept by its name, so that none reads what only others need. */
function nameOf(words) {
  const own = words.filter((word) => /^[a-z][a-z-]{0,30}$/.test(word)).slice(0, 2);
  return own.join('-') || 'none';
}

/** Microseconds of processor time within which little can have been compiled: not even worth a look. */
const shortly = 150_000;
/** What is compiled takes 0.55 to 0.75 of the bytes of a file that has all of it. */
const whole = 0.85;

/**
 * Whether the kept file lacks much of what this run needed, as when the first run of its command ended with an error: it then
 * has all but that compiled anew each time. What the file has stays in it, so it only grows.
 */
function lacksMuch({ length }) {
  return process.cpuUsage().user > shortly && getHeapCodeStatistics().bytecode_and_metadata_size > length * whole;
}

/**
 * @param words what was typed: each command compiles something of its own once
 * @param name the file of `dist`
 * @returns what the program exports; `keep`, which is called once the command has ended; and `findings`, the file in which this
 * build keeps what it found right
 */
exports.load = function load(words, name = 'main.cjs') {
  const file = join(dist, name);
  const source = readFileSync(file, 'latin1');
  const { all, build } = cacheFolder();
  const code = join(all, build, nameOf(words));
  const cachedData = attempt(() => readFileSync(code));

  const script = new Script(source, { filename: file, cachedData });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));

  const keep = () => {
    if (cachedData !== undefined && !script.cachedDataRejected && !lacksMuch(cachedData)) return;
    mkdirSync(join(all, build), { recursive: true, mode: 0o700 });
    // What earlier builds compiled serves nobody any more.
    for (const other of readdirSync(all))
      if (other !== build) rmSync(join(all, other), { recursive: true, force: true });
    const temporary = `${code}.${process.pid}`;
    writeFileSync(temporary, script.createCachedData(), { mode: 0o600 });
    renameSync(temporary, code);
  };
  return { program: module.exports, keep: () => attempt(keep), findings: join(all, build, 'findings') };
};
