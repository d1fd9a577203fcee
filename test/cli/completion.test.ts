import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const cli = new Cli();
const script = (shell: string): string => join(cli.home, `slipway.${shell}`);
const env = { HOME: cli.home, SLIPWAY_HOME: join(cli.home, 'ws'), TERM: 'dumb', LC_ALL: 'C.UTF-8' };

const found = async (shell: string): Promise<boolean> =>
  !(await execa(shell, ['-c', 'true'], { reject: false })).failed;

beforeAll(async () => {
  for (const name of ['demo', 'demo-two', 'prod']) {
    mkdirSync(join(cli.home, 'ws/clusters', name), { recursive: true });
    writeFileSync(join(cli.home, 'ws/clusters', name, 'record.json'), '{}');
  }
  mkdirSync(join(cli.home, 'ws/clusters/half-deleted'), { recursive: true });
  writeFileSync(join(cli.home, 'shop cluster.yaml'), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await cli.run(['completion', shell]);
    expect(code).toBe(0);
    writeFileSync(script(shell), `${out}\n`);
  }
});
afterAll(() => cli.close());

/** Candidates that each shell itself offers for this line, which ends where the cursor is. */
const complete: Readonly<Record<string, (line: string) => Promise<readonly string[]>>> = {
  // bash has no way to press TAB without a terminal: its words are split as it splits them.
  bash: async (line) => {
    const words = line.split(/\s+/).flatMap((word) => word.split(/(=)/).filter((part) => part !== ''));
    if (/\s$/.test(line)) words.push('');
    const { stdout } = await execa(
      'bash',
      [
        '--norc',
        '-c',
        'source "$0"; complete -p slipway >/dev/null || exit; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slipway; [ ${#COMPREPLY[@]} = 0 ] || printf "%s\\n" "${COMPREPLY[@]}"',
        script('bash'),
        ...words,
      ],
      { env, cwd: cli.home },
    );
    return stdout.split('\n').filter((word) => word !== '');
  },
  // TAB is pressed in a zsh of a pseudo-terminal; what is offered is read from compadd, but for calls that only filter.
  zsh: async (line) => {
    const driver = [
      'zmodload zsh/zpty',
      `zpty z zsh -f -i`,
      `run() { zpty -w z "$1"; zpty -r z answer "*${'$'}2*" }`,
      `run 'PS1=; PROMPT_EOL_MARK=; unsetopt zle_bracketed_paste; fpath+=(); autoload -U compinit; compinit -u -d $HOME/.zcompdump; print re""ady' ready`,
      `run 'source "${script('zsh')}"; print sour""ced' sourced`,
      `run 'compadd() { if (( ${'$'}{@[(I)-[DOA]]} )); then builtin compadd "$@"; return; fi; local -a found; builtin compadd -O found "$@"; print -rl -- offered:$^found >>$HOME/offered; builtin compadd "$@" }; print hoo""ked' hooked`,
      `run 'finish() { zle -I; print fini""shed }; zle -N finish; bindkey "^X" finish; cd; print bou""nd' bound`,
      `zpty -w -n z "$1"$'\\t\\x18'; zpty -r z answer '*finished*'`,
      'zpty -d z',
    ].join('\n');
    const offered = join(cli.home, 'offered');
    writeFileSync(offered, '');
    await execa('zsh', ['-f', '-c', driver, 'zsh', line], { env, cwd: cli.home, timeout: 30_000 });
    const { stdout } = await execa('cat', [offered]);
    return [...new Set(stdout.split('\n').flatMap((one) => (one.startsWith('offered:') ? [one.slice(8)] : [])))].filter(
      (one) => one !== '',
    );
  },
  fish: async (line) => {
    const { stdout } = await execa(
      'fish',
      ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script('fish'), line],
      {
        env,
        cwd: cli.home,
      },
    );
    return stdout
      .split('\n')
      .map((one) => one.split('\t')[0]!)
      .filter((one) => one !== '');
  },
};

describe.each(['bash', 'zsh', 'fish'])('completion in %s', async (shell) => {
  const here = await found(shell);
  const offers = async (line: string): Promise<readonly string[]> => [...(await complete[shell]!(line))].sort();
  // fish keeps a flag with its value, the others the value alone.
  const valueOf = (word: string): string => word.replace(/^--[^=]*=/, '');

  it.skipIf(!here)('offers topics, commands and what they begin with', async () => {
    expect(await offers('slipway ')).toEqual(expect.arrayContaining(['cluster', 'pool', 'completion', 'version']));
    expect(await offers('slipway clu')).toEqual(['cluster']);
    expect(await offers('slipway pool ')).toEqual(['add', 'list', 'promote', 'remove', 'rotate', 'scale']);
  });

  it.skipIf(!here)('offers the flags of a command, and the values they take', async () => {
    expect(await offers('slipway cluster create demo --con')).toEqual(['--control-planes']);
    expect(await offers('slipway cluster list --output ')).toEqual(['json', 'name', 'yaml']);
    expect((await offers('slipway cluster list --output=')).map(valueOf)).toEqual(['json', 'name', 'yaml']);
    expect((await offers('slipway cluster list --progress=p')).map(valueOf)).toEqual(['plain', 'pretty']);
    expect(await offers('slipway completion ')).toEqual(['bash', 'fish', 'zsh']);
  });

  it.skipIf(!here)('offers the clusters of the workspace where a cluster is meant', async () => {
    expect(await offers('slipway cluster status ')).toEqual(['demo', 'demo-two', 'prod']);
    expect(await offers('slipway cluster status --wide p')).toEqual(['prod']);
    expect(await offers('slipway pool list -c demo-')).toEqual(['demo-two']);
    expect(await offers('slipway cluster create --workers 3 dem')).toEqual(['demo', 'demo-two']);
  });

  it.skipIf(!here)('offers files where a file is meant, and nothing where nobody can guess', async () => {
    const files = (await offers('slipway cluster plan -f sho')).map((name) => name.replaceAll('\\', ''));
    expect([...new Set(files)]).toEqual(['shop cluster.yaml']);
    expect(await offers('slipway cluster create demo --workers ')).toEqual([]);
  });
});
