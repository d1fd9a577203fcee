import { afterEach, beforeEach, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';
import { ask, serverOf } from '../support/conversations-http.js';

let cli: Cli;
beforeEach(() => void (cli = new Cli()));
afterEach(() => cli.close());

interface Server {
  readonly id: number;
  readonly name: string;
  readonly status: string;
}

async function power(name: string, action: 'poweroff' | 'poweron', until: string): Promise<void> {
  const { endpoint, info } = await cli.sandbox();
  const find = async () => (await cli.cloud<Server>('servers')).find((server) => server.name === name)!;
  const answer = await fetch(`${endpoint}/servers/${(await find()).id}/actions/${action}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${info.cloudToken}` },
  });
  expect(answer.status).toBe(201);
  await expect.poll(async () => (await find()).status, { timeout: 20_000 }).toBe(until);
}

it('a server that was gone, and was taken out of etcd by hand, joins anew when it is back', async () => {
  const created = await cli.run(['cluster', 'create', 'demo', '--control-planes', '3', '--yes', '--json']);
  expect(created, created.err).toMatchObject({ code: 0 });
  const name = (await cli.cloud<Server>('servers')).find((server) => server.name.includes('-cp-3-'))!.name;
  await power(name, 'poweroff', 'off');
  const { out } = await cli.run(['cluster', 'kubeconfig', 'demo']);
  const path = `/api/v1/nodes/${name}`;
  const answer = await ask(serverOf(out), { method: 'DELETE', path, headers: {} });
  expect(answer.status, answer.body).toBe(200);
  await power(name, 'poweron', 'running');

  const applied = await cli.run(['cluster', 'apply', 'demo', '--yes', '--progress', 'json']);
  expect(applied, applied.err).toMatchObject({ code: 0 });
  expect(applied.err).toContain('etcd took this server out while it was gone');
  const status = await cli.run(['cluster', 'status', 'demo', '--json']);
  const { machines } = JSON.parse(status.out) as {
    machines: readonly { node?: { ready: boolean; voter?: boolean } }[];
  };
  expect(machines.map(({ node }) => node?.ready)).toEqual([true, true, true]);
  expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
}, 120_000);
