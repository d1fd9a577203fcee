import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
let home: string;
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'slipway-compiled-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: home, SLIPWAY_HOME: join(home, 'ws'), ...env },
  });
  return { status, stdout, stderr };
};
const cache = (): string => join(home, '.cache/slipway/compiled');
const builds = (): readonly string[] => readdirSync(cache());
const kept = (name: string): string => join(cache(), builds()[0]!, name);
const list = ['cluster', 'list', '--json'];

describe('what V8 compiled of the program', () => {
  it('is kept for the next run of the same command, readable by its owner only', () => {
    const first = run(list);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(kept('cluster-list')).mode & 0o777).toBe(0o600);
    const { mtimeMs } = statSync(kept('cluster-list'));
    expect(run(list)).toEqual(first);
    expect(statSync(kept('cluster-list')).mtimeMs).toBe(mtimeMs);
    run(['version']);
    expect(readdirSync(join(cache(), builds()[0]!)).sort()).toEqual(['cluster-list', 'version']);
  });

  it('is kept of the sandbox’s server once that has ended', () => {
    for (let time = 0; time < 2; time += 1) {
      expect(run(['sandbox', 'start'])).toMatchObject({ status: 0, stderr: '' });
      expect(existsSync(kept('daemon'))).toBe(time > 0);
      const before = time > 0 && statSync(kept('daemon')).mtimeMs;
      expect(run(['sandbox', 'stop'])).toMatchObject({ status: 0, stderr: '' });
      const { mtimeMs, mode } = statSync(kept('daemon'));
      expect(mode & 0o777).toBe(0o600);
      if (before !== false) expect(mtimeMs).toBe(before);
    }
  });

  it('is kept anew once a run has needed much more than the first, which ended with an error', () => {
    const sandbox = { SLIPWAY_SANDBOX_TIME_SCALE: '0.01' };
    const create = ['cluster', 'create', 'demo', '--provider', 'sandbox', '--control-planes', '1'];
    expect(run([...create, '--workers', 'none'])).toMatchObject({ status: 2 });
    const { size } = statSync(kept('cluster-create'));
    expect(run([...create, '--yes'], sandbox)).toMatchObject({ status: 0 });
    const whole = statSync(kept('cluster-create'));
    expect(whole.size).toBeGreaterThan(2 * size);
    expect(run([...create, '--yes'], sandbox)).toMatchObject({ status: 0 });
    expect(statSync(kept('cluster-create')).mtimeMs).toBe(whole.mtimeMs);
    expect(run(['sandbox', 'stop'])).toMatchObject({ status: 0 });
  });

  it('is not kept of what is no command', () => {
    run(['cluster', 'lst']);
    expect(existsSync(cache())).toBe(false);
  });

  it('is made anew, and misleads nobody, where the kept file is damaged', () => {
    const sound = run(list);
    const size = statSync(kept('cluster-list')).size;
    for (const damaged of [Buffer.alloc(0), Buffer.from('nonsense'), Buffer.alloc(size, 7)]) {
      writeFileSync(kept('cluster-list'), damaged);
      expect(run(list)).toEqual(sound);
      expect(statSync(kept('cluster-list')).size).toBeGreaterThan(100_000);
    }
  });

  it('goes with the build it was made of', () => {
    run(list);
    const [current] = builds();
    rmSync(join(cache(), current!), { recursive: true });
    run(list, { XDG_CACHE_HOME: join(home, 'elsewhere') });
    expect(builds()).toEqual([]);
    writeFileSync(join(cache(), 'an-older-build'), '');
    run(list);
    expect(builds()).toEqual([current]);
  });

  it('is done without where nothing can be written', () => {
    const sound = run(list);
    rmSync(cache(), { recursive: true });
    writeFileSync(join(home, 'file'), '');
    chmodSync(join(home, 'file'), 0o400);
    expect(run(list, { XDG_CACHE_HOME: join(home, 'file') })).toEqual(sound);
  });
});
