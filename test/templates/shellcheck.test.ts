import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ownTemplates } from '../../src/remote/index.js';

const folder = join(ownTemplates, 'host');
const tasks = readdirSync(folder).filter((name) => name.endsWith('.sh'));
const files = [...tasks, 'lib/common.sh', 'lib/runner.sh'];
const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;

describe('host scripts', () => {
  it.skipIf(!shellcheck)(`pass shellcheck ${shellcheck ? '' : '(skipped: shellcheck is not installed)'}`, () => {
    const { stdout } = spawnSync('shellcheck', ['-s', 'sh', ...files], { cwd: folder, encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  it.each(files)('%s is POSIX sh that parses', (file) => {
    const { stderr } = spawnSync('sh', ['-n', join(folder, file)], { encoding: 'utf8' });
    expect(stderr).toBe('');
  });

  it('are exactly the tasks of the README, with the parameters it names', () => {
    const table = readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/^\| ([a-z0-9-]+) \| ([^|]*) \|/gm);
    const promised = new Map([...table].filter(([, name]) => name !== 'task').map(([, name, text]) => [name!, text!]));
    promised.delete('---');
    expect([...promised.keys()].sort()).toEqual(tasks.map((name) => name.replace('.sh', '')).sort());
    for (const [name, text] of promised) {
      const head = readFileSync(join(folder, `${name}.sh`), 'utf8');
      for (const parameter of text.replace(/\([^)]*\)/g, '').match(/\b[A-Z][A-Z0-9_]+\b/g) ?? []) {
        expect(head, `${name} ${parameter}`).toContain(`# ${parameter}`.slice(2));
      }
    }
  });

  it('write below the prefix only', () => {
    for (const file of files) {
      const text = readFileSync(join(folder, file), 'utf8').replace(/^\s*#.*$/gm, '');
      // A bare system path in a position where something is written, moved or removed.
      expect(text, file).not.toMatch(/(?:>>?|\bmv|\brm|\bmkdir|\bchmod|write_file) [^\n|;]*(?<![\w}"])\/(?:etc|usr|var|run)\//);
    }
  });
});
