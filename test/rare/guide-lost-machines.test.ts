import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const guide = readFileSync(new URL('../../docs/guides/lost-machines.md', import.meta.url), 'utf8');
const commands = [...guide.matchAll(/```sh\n([^`]+)```/g)].flatMap(([, block]) => block!.trim().split('\n'));

interface Server {
  readonly id: number;
  readonly name: string;
}

const cli = new Cli();
beforeAll(async () => {
  const made = await cli.run(['cluster', 'create', 'demo', '--control-planes', '1', '--workers', '3', '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}, 120_000);
afterAll(() => cli.close());

/** Somebody deletes workers in the cloud's console. */
async function lose(...slots: readonly number[]): Promise<void> {
  const { endpoint, info } = await cli.sandbox();
  const headers = { Authorization: `Bearer ${info.cloudToken}` };
  const going = (await cli.cloud<Server>('servers')).filter(({ name }) =>
    slots.some((slot) => name.startsWith(`demo-workers-${slot}-`)),
  );
  const before = (await cli.cloud<Server>('servers')).length;
  for (const { id } of going) await fetch(`${endpoint}/servers/${id}`, { method: 'DELETE', headers });
  await expect.poll(async () => (await cli.cloud<Server>('servers')).length).toBe(before - slots.length);
}

it('every command of the guide on lost machines does what the guide says, one after another', async () => {
  expect(commands.length).toBe(7);
  await lose(1);
  let machines = 4;
  for (const command of commands) {
    if (command.includes('--max-workers-down')) await lose(2, 3);
    const run = await execa('sh', ['-c', command], {
      cwd: cli.home,
      extendEnv: false,
      env: { ...cli.env, CI: '1' },
      reject: false,
    });
    expect(run.exitCode, `${command}\n${run.stderr}`).toBe(0);
    machines += Number(command.includes('--standby 1')) + Number(command.includes('pool promote'));
    const servers = await cli.cloud<Server>('servers');
    expect(servers, command).toHaveLength(command.includes('--dry-run') ? machines - 1 : machines);
  }
  for (const file of ['slipway-heal-demo.service', 'drill.html']) expect(existsSync(join(cli.home, file))).toBe(true);
  expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
}, 600_000);
