import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const guide = readFileSync(new URL('../../docs/guides/lke.md', import.meta.url), 'utf8');
const commands = [...guide.matchAll(/```sh\n([^`]+)```/g)].flatMap(([, block]) => block!.trim().split('\n'));
const [, file] = /```yaml\n([^`]+)```/.exec(guide)!;

const cli = new Cli();
afterAll(() => cli.close());

it('every command of the guide on LKE does what the guide says, one after another, with the guide’s own file', async () => {
  writeFileSync(join(cli.home, 'cluster.yaml'), file!.replace('name: linode', 'name: sandbox-linode'));
  expect(commands.length).toBeGreaterThanOrEqual(12);
  for (const command of commands) {
    const [program, ...args] = command.split(' ');
    expect(program).toBe('slipway');
    const run = await cli.run(args);
    expect(run, `${command}\n${run.err}`).toMatchObject({ code: 0 });
  }
}, 300_000);
