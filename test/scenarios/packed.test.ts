import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const root = new URL('../..', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'slipway-packed-'));
let cli: Cli;

beforeAll(() => {
  // What is built is packed as it is: the scripts of npm would build it again.
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const tarball = execFileSync('npm', args, { cwd: root, encoding: 'utf8' }).trim();
  execFileSync('tar', ['-xzf', join(folder, tarball), '-C', folder]);
  const unpacked = join(folder, 'package');
  const { dependencies = {} } = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  // As npm would put them there; nothing else can be imported.
  for (const name of Object.keys(dependencies)) {
    const at = join(unpacked, 'node_modules', name);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), at);
  }
  cli = new Cli('0.01', join(unpacked, 'bin/run.js'));
});
afterAll(async () => {
  await cli.close();
  rmSync(folder, { recursive: true });
});

it('the tarball of `npm pack` has in it what makes and deletes a cluster, beside the dependencies that it names', async () => {
  expect(await cli.run(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^slipway\//) as string });
  const create = ['cluster', 'create', 'demo', '--control-planes', '1', '--workers', '0', '--yes'];
  const made = await cli.run(create);
  expect(made.code, made.err).toBe(0);
  expect(made.out).toContain('slipway cluster status demo');
  expect(await cli.run(['component', 'list', 'demo'])).toMatchObject({ code: 0 });
  const gone = await cli.run(['cluster', 'delete', 'demo', '--yes', '--confirm', 'demo']);
  expect(gone.code, gone.err).toBe(0);
});
