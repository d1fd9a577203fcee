// Loads the program: one file that V8 would read and compile anew each time. What it compiled is kept in the user's cache
// folder and taken from there, which is a third of what an everyday command costs.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const file = fileURLToPath(new URL('../dist/main.cjs', import.meta.url));

/** The folder of what was compiled: of this build, this Node and this kind of processor alone. */
function cacheFolder() {
  const { mtimeMs, size } = statSync(file);
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

/**
 * @param words what was typed: each command compiles something of its own once
 * @returns what the program exports, and `keep`, which is called once the command has ended
 */
export function load(words) {
  const source = readFileSync(file, 'latin1');
  const { all, build } = cacheFolder();
  const code = join(all, build, 'code');
  const list = join(all, build, 'commands');
  const command = words
    .filter((word) => /^[a-z]+$/.test(word))
    .slice(0, 2)
    .join(' ');
  const commands = attempt(() => readFileSync(list, 'utf8').split('\n')) ?? [];
  const cachedData = commands.length > 0 ? attempt(() => readFileSync(code)) : undefined;

  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: file,
    cachedData,
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));

  const isNew = cachedData === undefined || script.cachedDataRejected === true || !commands.includes(command);
  const write = (path, content) => {
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, content, { mode: 0o600 });
    renameSync(temporary, path);
  };
  const keep = () => {
    if (!isNew) return;
    mkdirSync(join(all, build), { recursive: true, mode: 0o700 });
    // What earlier builds compiled serves nobody any more.
    for (const other of readdirSync(all))
      if (other !== build) rmSync(join(all, other), { recursive: true, force: true });
    write(code, script.createCachedData());
    write(list, [...new Set([...(script.cachedDataRejected ? [] : commands), command])].join('\n'));
  };
  return { program: module.exports, keep: () => attempt(keep) };
}
