import { readFileSync } from 'node:fs';

import { afterAll, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const cli = new Cli();
afterAll(() => cli.close());

const guide = readFileSync(new URL('../../docs/guides/upgrades.md', import.meta.url), 'utf8');
const commands = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) => block!.trim().split('\n'));

it('the commands of the guide to upgrades do what it says, one after the other', async () => {
  expect(commands).toHaveLength(4);
  const outputs: string[] = [];
  for (const command of commands) {
    const [program, ...args] = command.split(/\s+/);
    expect(program).toBe('slipway');
    const asks = !args.includes('status') && !args.includes('--dry-run');
    const typed = [...args, ...(asks ? ['--yes'] : [])];
    let run = await cli.run(typed);
    // On a busy computer a kubelet of the sandbox may count as lost for a while, and a chart's job with it.
    for (let more = 3; more > 0 && run.err.includes('COMPONENT_FAILED'); more -= 1) run = await cli.run(typed);
    expect(run, `${command}\n${run.err}`).toMatchObject({ code: 0 });
    outputs.push(run.out);
  }
  const [, shown, done, status] = outputs;
  expect(shown).toContain('take a snapshot, slipway-at-v1.34.5-k3s1');
  expect(done).toContain('demo runs v1.35.5+k3s1, from v1.34.5+k3s1.');
  expect(status!.match(/Ready.*v1\.35\.5\+k3s1/g)).toHaveLength(6);
}, 300_000);
