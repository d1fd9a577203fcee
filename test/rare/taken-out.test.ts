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
  await expect.poll(async () => (await find()).status).toBe(until);
}

interface Status {
  readonly machines: readonly { readonly node?: { readonly ready: boolean; readonly voter?: boolean } }[];
}

it('a first server that was taken out of etcd by hand begins no cluster of its own, and joins anew', async () => {
  const created = await cli.run(['cluster', 'create', 'demo', '--control-planes', '3', '--yes', '--json']);
  expect(created, created.err).toMatchObject({ code: 0 });
  const name = (await cli.cloud<Server>('servers')).find((server) => server.name.includes('-cp-1-'))!.name;
  const kubeconfig = async () => serverOf((await cli.run(['cluster', 'kubeconfig', 'demo'])).out);
  const uid = async () => {
    const request = { method: 'GET', path: '/api/v1/namespaces/kube-system', headers: {} };
    const { body } = await ask(await kubeconfig(), request);
    return (JSON.parse(body) as { metadata: { uid: string } }).metadata.uid;
  };
  const readiness = async () => {
    const { out } = await cli.run(['cluster', 'status', 'demo', '--json']);
    return (JSON.parse(out) as Status).machines.map(({ node }) => node?.ready);
  };
  const before = await uid();
  const { status } = await ask(await kubeconfig(), {
    method: 'PATCH',
    path: `/api/v1/nodes/${name}`,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: JSON.stringify({ metadata: { annotations: { 'etcd.k3s.cattle.io/remove': 'true' } } }),
  });
  expect(status).toBe(200);
  await expect.poll(readiness).toEqual([false, true, true]);

  const applied = await cli.run(['cluster', 'apply', 'demo', '--yes', '--progress', 'json']);
  expect(applied, applied.err).toMatchObject({ code: 0 });
  expect(applied.err).toContain('etcd took this server out while it was gone');
  expect(await readiness()).toEqual([true, true, true]);
  expect(await uid()).toBe(before);
  expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
});

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
  const { machines } = JSON.parse(status.out) as Status;
  expect(machines.map(({ node }) => node?.ready)).toEqual([true, true, true]);
  expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
});
