import { afterAll, beforeAll, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';

const cli = new Cli();

interface Server {
  readonly id: number;
  readonly name: string;
}
const servers = (): Promise<readonly Server[]> => cli.cloud<Server>('servers');

beforeAll(async () => {
  const made = await cli.run(['cluster', 'create', 'demo', '--control-planes', '1', '--workers', '2', '--yes']);
  expect(made, made.err).toMatchObject({ code: 0 });
}, 120_000);
afterAll(() => cli.close());

it('`cluster heal --watch` replaces what is lost, keeps nobody out meanwhile, and ends with SIGTERM', async () => {
  const watching = cli.start(['cluster', 'heal', 'demo', '--watch', '--yes', '--progress', 'plain']);
  let said = '';
  watching.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => said, { timeout: 20_000 }).toContain('watching demo, looking every 5 s');
  // It holds no lock while it only looks.
  expect(await cli.run(['cluster', 'apply', 'demo', '--yes'])).toMatchObject({ code: 0 });

  const { endpoint, info } = await cli.sandbox();
  const { id, name } = (await servers()).find((one) => one.name.startsWith('demo-workers-1-'))!;
  await fetch(`${endpoint}/servers/${id}`, {
    method: 'DELETE',
    headers: { Authorization: `Bearer ${info.cloudToken}` },
  });
  await expect.poll(() => said, { timeout: 30_000 }).toContain(`${name}: replace: its machine is gone`);
  await expect.poll(() => said, { timeout: 60_000 }).toContain('all machines of demo are well');
  expect(await servers()).toHaveLength(3);
  expect((await servers()).map((one) => one.id)).not.toContain(id);

  watching.kill('SIGTERM');
  const { exitCode, stdout } = await watching;
  expect([exitCode, stdout]).toEqual([0, 'Stopped watching demo; healed 1 time.']);
}, 150_000);

it('`cluster heal --watch` answers every question beforehand', async () => {
  expect(await cli.run(['cluster', 'heal', 'demo', '--watch'])).toMatchObject({ code: 2 });
});
