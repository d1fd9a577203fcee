import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const guide = readFileSync(new URL('../../docs/guides/recycling.md', import.meta.url), 'utf8');
const commands = [...guide.matchAll(/```sh\n([^`]+)```/g)].flatMap(([, block]) => block!.trim().split('\n'));

const cli = new Cli();
beforeAll(async () => {
  writeFileSync(
    join(cli.home, 'cluster.yaml'),
    `name: demo
provider: {name: sandbox, locations: [fsn1, nbg1]}
controlPlane: {count: 3}
pools:
  - {name: web, count: 2}
`,
  );
  const made = await cli.run(['cluster', 'create', '-f', 'cluster.yaml', '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}, 120_000);
afterAll(() => cli.close());

it('every command of the guide on recycling does what the guide says, one after another', async () => {
  expect(commands.length).toBeGreaterThanOrEqual(6);
  for (const command of commands) {
    const [program, ...args] = command.split(' ');
    expect(program).toBe('slipway');
    const run = await cli.run(args);
    expect(run, `${command}\n${run.err}`).toMatchObject({ code: 0 });
  }
  expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
}, 300_000);
