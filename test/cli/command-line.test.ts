import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { namedCluster } from '../../src/cli/cluster-args.js';
import { outputFormat } from '../../src/cli/output.js';
import { helpAsTyped } from '../../src/ui/help.js';
import { Cli } from '../support/cli.js';

const json = <T>(path: string): T => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')) as T;

describe('the command line', () => {
  let cli: Cli;
  beforeAll(() => {
    cli = new Cli();
  });
  afterAll(() => cli.close());

  it.each([
    [['pool', 'list', 'demo']],
    [['pool', 'list', '-c', 'demo']],
    [['pool', 'scale', 'demo', 'web', '--count', '2']],
    [['pool', 'scale', 'web', '-c', 'demo', '--count', '2']],
    [['pool', 'add', 'demo', 'web']],
    [['pool', 'remove', 'demo', 'web']],
    [['component', 'status', 'demo']],
    [['component', 'list', 'demo']],
    [['component', 'render', 'demo', 'traefik']],
    [['component', 'upgrade', 'demo', 'traefik']],
  ])('%j takes demo for the cluster', async (args) => {
    const { code, err } = await cli.run(args);
    expect(err).toContain('There is no cluster called demo in this workspace.');
    expect(code).toBe(2);
  });

  it.each([
    [['cluster', 'create', 'demo', '--wrokers', '3'], 'Did you mean --workers?'],
    [['pool', 'scale', 'demo', 'web', '--cuont=3'], 'Did you mean --count?'],
    [['cluster', 'create', 'demo', '--workers', 'many'], '--workers takes a whole number, got many.'],
    [['cluster', 'create', 'demo', '--workers', '-1'], '--workers takes 0 or more, got -1.'],
    [['cluster', 'create', 'demo', '--provider'], '--provider needs a value.'],
    [['pool', 'scale', 'demo', 'web'], 'Neither a number of machines nor of standbys was given.'],
    [['cluster', 'upgrade', 'demo'], '--to is missing.'],
    [['pool', 'scale', 'web', '--count', '3'], 'Which pool of the cluster web? None is named.'],
    [['cluster', 'list', '-o', 'nmae'], '--output takes one of json, yaml, name; got nmae. Did you mean name?'],
    [['completion', 'fihs'], 'The argument is one of bash, zsh, fish; got fihs. Did you mean fish?'],
    [['cluster', 'status', 'demo', '-w'], 'There is no cluster called demo in this workspace.'],
    [['cluster', 'status', 'demo', '-w', '--spec'], '--spec and --watch cannot be used together.'],
    [['host', 'scan', '--write'], '--write works only with --file.'],
    [['cluster', 'status'], 'slipway cluster status needs NAME.'],
    [['cluster', 'status', 'a', 'b'], 'slipway cluster status takes no further argument: b.'],
    [['sandbox', 'status', 'demo'], 'slipway sandbox status takes no argument, got demo.'],
    [['help', 'clster', 'list'], 'Did you mean `slipway cluster list`?'],
    [['cluster', 'statsu', '--help'], 'Did you mean `slipway cluster status`?'],
    [['nonsense', '-h'], 'nonsense is not a command.'],
    [['--nonsense', 'cluster'], '--nonsense is not a flag of slipway itself.'],
    [['cluster', '--yes', 'create'], 'slipway cluster needs a command, and --yes comes after it.'],
    [['cluster', 'create', 'demo', '--yes=no'], '--yes takes no value.'],
    [['cluster', 'status', 'demo', '--watch=3'], '--watch takes no value.'],
    [['cluster', 'list', '--json=1'], '--json takes no value.'],
    [['pool', 'scale', 'demo', 'web', '--count', ''], '--count takes a whole number, got nothing.'],
  ])('%j is answered in plain words, without a stack', async (args, text) => {
    const { code, err } = await cli.run(args);
    expect(err).toContain(text);
    expect(err).not.toMatch(/^\s+at |See more help|following error|Parsing --|›/m);
    expect(code).toBe(2);
  });

  it('a cluster file is read from standard input with -f -, and `-o` prints what `--json` prints', async () => {
    const file = 'name: acme\nprovider: {name: sandbox}\ncomponents: {preset: minimal}\n';
    const list = ['component', 'list', '-f', '-'];
    const [asJson, asYaml, asNames] = await Promise.all(
      [['--json'], ['-o', 'yaml'], ['-o', 'name']].map((more) => cli.run([...list, ...more], {}, file)),
    );
    const result = JSON.parse(asJson!.out) as { components: { name: string; on: boolean }[] };
    expect(result.components.length).toBeGreaterThan(0);
    expect(parse(asYaml!.out)).toEqual(result);
    expect(asNames!.out.split('\n')).toEqual(result.components.flatMap(({ name, on }) => (on ? [name] : [])));

    const bad = await cli.run([...list, '-o', 'yaml'], {}, 'name: acme\n');
    expect(bad.err).toContain('stdin:1:1');
    expect(parse(bad.out)).toMatchObject({ error: { code: 'BAD_CLUSTER_FILE' } });
  });

  it.each(['sandbox', 'hetzner'])('`component list` of the whole baseline fits 80 columns: %s', async (provider) => {
    const file = `name: acme\nprovider: {name: ${provider}}\ncomponents: {}\n`;
    const { out } = await cli.run(['component', 'list', '-f', '-'], { HCLOUD_TOKEN: 'x' }, file);
    expect(out).toContain('(--wide shows VOLUMES too)');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const wide = await cli.run(['component', 'list', '-f', '-', '--wide'], { HCLOUD_TOKEN: 'x' }, file);
    expect(wide.out).toContain('VOLUMES');
  });

  it('no argument is taken from standard input', async () => {
    const { code, err } = await cli.run(['cluster', 'status'], {}, 'demo\n');
    expect([code, err]).toEqual([2, expect.stringContaining('slipway cluster status needs NAME.')]);
  });

  it('`version` prints what `--version` prints', async () => {
    expect((await cli.run(['version'])).out).toBe((await cli.run(['--version'])).out);
  });
});

it('a cluster named by an argument and by --cluster is refused', () => {
  expect(() => namedCluster(['demo', 'web'], { cluster: 'demo' }, 'pool scale', ['pool'])).toThrow(/--cluster already/);
});

it.each([
  [['list', '-o', 'yaml'], 'yaml'],
  [['list', '-oname'], 'name'],
  [['list', '--output=json'], 'json'],
  [['ssh', '--', '-o', 'json'], undefined],
  [['list', '-o', 'xml'], undefined],
])('the output format of %j is %s', (argv, format) => expect(outputFormat(argv)).toBe(format));

describe('help', () => {
  const { commands } = json<{ commands: Record<string, { examples?: string[] }> }>('oclif.manifest.json');
  const help = json<{ root: string; topics: Record<string, string>; commands: Record<string, string> }>(
    'dist/help.json',
  );

  it('every command has an example', () => {
    expect(Object.keys(commands).filter((id) => !commands[id]!.examples?.length)).toEqual([]);
  });

  const invocations = {
    slipway: { script: '/usr/bin/slipway', cwd: '/home/ann', env: { PATH: '/usr/bin' } },
    'npx slipway': { script: '/home/ann/x/slipway', cwd: '/home/ann', env: { npm_command: 'exec' } },
    'node /ann/slipway/bin/run.js': {
      script: '/ann/slipway/bin/run.js',
      cwd: '/ann/work',
      env: { _: '/usr/bin/node' },
    },
    'node_modules/.bin/slipway': { script: '/ann/node_modules/.bin/slipway', cwd: '/ann', env: {} },
  };
  it.each(Object.entries(invocations))(
    'every page names the program as it was typed and fits 80 columns: %s',
    (typed, invocation) => {
      const pages = Object.values({ ...help.topics, ...help.commands, '': help.root });
      expect(pages.length).toBeGreaterThan(Object.keys(commands).length);
      const lines = pages.flatMap((page) => stripVTControlCharacters(helpAsTyped(page, invocation)).split('\n'));
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      const commandLines = lines.filter((line) => line.startsWith('  $ '));
      expect(commandLines.length).toBeGreaterThan(pages.length);
      expect(commandLines.filter((line) => !line.startsWith(`  $ ${typed} `))).toEqual([]);
    },
  );

  it('help goes on with a backslash where a command that can be copied is too long for a line', () => {
    const page = helpAsTyped(help.commands['completion']!, invocations['npx slipway']);
    expect(page).toContain(
      '  $ npx slipway completion bash > \\\n    ~/.local/share/bash-completion/completions/slipway\n',
    );
  });

  it('help is shown by the program itself as it was typed', () => {
    const bin = new URL('../../bin/run.js', import.meta.url).pathname;
    const shown = (env: Record<string, string>, words: readonly string[]): string =>
      execFileSync(process.execPath, [bin, ...words], { cwd: dirname(dirname(bin)), env, encoding: 'utf8' });
    expect(shown({}, ['--help'])).toContain('  $ bin/run.js [COMMAND]\n');
    expect(shown({ _: '/usr/bin/node' }, ['pool'])).toContain('  $ node bin/run.js pool COMMAND\n');
    expect(shown({ npm_command: 'exec' }, ['help', 'version'])).toContain('  $ npx slipway version -o json\n');
  });
});
