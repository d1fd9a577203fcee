import { readdirSync } from 'node:fs';
import { parse } from 'node:path';

import { describe, expect, it } from 'vitest';

import { asTyped, programName } from '../../src/ui/program.js';

const cwd = '/home/ann/slipway';

describe('the name of the program in hints', () => {
  it.each([
    ['on the PATH', '/usr/local/bin/slipway', { PATH: '/usr/bin:/usr/local/bin' }, 'slipway'],
    ['run by npx', '/home/ann/.npm/_npx/1/node_modules/.bin/slipway', { npm_command: 'exec' }, 'npx slipway'],
    ['run from its own folder', `${cwd}/bin/run.js`, { PATH: '/usr/bin' }, 'bin/run.js'],
    ['run from a project that has it', `${cwd}/node_modules/.bin/slipway`, {}, 'node_modules/.bin/slipway'],
    ['run from inside bin', `${cwd}/run.js`, {}, './run.js'],
    ['run from elsewhere', '/opt/slipway/bin/run.js', { PATH: '/opt/slipway' }, '/opt/slipway/bin/run.js'],
    ['run by node', `${cwd}/bin/run.js`, { _: '/usr/bin/node' }, 'node bin/run.js'],
    ['in a folder with a space', '/opt/my tools/run.js', {}, '"/opt/my tools/run.js"'],
  ])('is what was typed: %s', (_, script, env, name) => {
    expect(programName({ script, cwd, env })).toBe(name);
  });

  it('replaces commands only, not the word or a path', () => {
    expect(asTyped('Run `slipway cluster apply demo`, or slipway --help.', 'bin/run.js')).toBe(
      'Run `bin/run.js cluster apply demo`, or bin/run.js --help.',
    );
    const others = 'slipway task 1, /opt/slipway cluster, my-slipway cluster, slipway clusters';
    expect(asTyped(others, 'npx slipway')).toBe(others);
  });

  it.each(readdirSync(new URL('../../src/commands', import.meta.url)).map((entry) => parse(entry).name))(
    'stands before every command that there is: %s',
    (command) => {
      expect(asTyped(`slipway ${command} demo`, 'bin/run.js')).toBe(`bin/run.js ${command} demo`);
    },
  );
});
