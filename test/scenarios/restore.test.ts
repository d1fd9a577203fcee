import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli, type Run } from '../support/cli.js';
import { client } from '../support/clients.js';
import { versitygw } from '../support/s3-servers.js';

const signal = new AbortController().signal;
let cli: Cli;

beforeEach(() => {
  // Slower than other scenarios: a kubelet that the test's own computer keeps waiting counts as lost.
  cli = new Cli();
});
afterEach(() => cli.close());

const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> => {
  const result = await cli.run(args, env);
  expect(result, `${args.join(' ')}\n${result.err}`).toMatchObject({ code: 0 });
  return result;
};
const create = (controlPlanes: number, workers: number, ...more: string[]): Promise<Run> =>
  run([
    ...['cluster', 'create', 'demo', '--provider', 'sandbox', '--control-planes', String(controlPlanes)],
    ...['--workers', String(workers), '--components', 'none', '--yes', ...more],
  ]);
const backUp = async (): Promise<string> =>
  (JSON.parse((await run(['backup', 'create', 'demo', '--json'])).out) as { id: string }).id;
const restore = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Run> =>
  cli.run(['cluster', 'restore', 'demo', '--yes', ...args], env);
const api = (): Promise<Kube> => {
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
};
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });
const put = async (name: string): Promise<void> => {
  await (await api()).apply({ ...configMap(name), data: { it: 'is' } }, { signal });
};
const has = async (name: string): Promise<boolean> =>
  (await (await api()).get(configMap(name), { signal })) !== undefined;
/** `cp-1`, `workers-2`, each Ready. */
const readyNodes = async (): Promise<string[]> =>
  (await (await api()).nodes({ signal }))
    .filter(({ ready }) => ready)
    .map(({ name }) => name.split('-').slice(1, 3).join('-'))
    .sort();

/** Each node is of the machine that has its name now: the cloud controller removes a node whose machine it cannot find. */
const nodesAreOfTheirMachines = async (): Promise<void> => {
  const machines = await cli.cloud<{ id: number; name: string }>('servers');
  const nodes = await (await api()).nodes({ signal });
  expect(nodes.map(({ name, providerId }) => [name, providerId]).sort()).toEqual(
    machines.map(({ id, name }) => [name, `hcloud://${id}`]).sort(),
  );
};

const deleteMachines = async (which: RegExp): Promise<void> => {
  const { endpoint, info } = await cli.sandbox();
  for (const { id, name } of await cli.cloud<{ id: number; name: string }>('servers')) {
    if (!which.test(name)) continue;
    await fetch(`${endpoint}/servers/${id}`, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${info.cloudToken}` },
    });
  }
  await expect
    .poll(async () => (await cli.cloud<{ name: string }>('servers')).filter(({ name }) => which.test(name)))
    .toEqual([]);
};
const power = async (which: RegExp, how: 'poweroff' | 'poweron'): Promise<void> => {
  const { endpoint, info } = await cli.sandbox();
  for (const { id, name } of await cli.cloud<{ id: number; name: string }>('servers'))
    if (which.test(name))
      await fetch(`${endpoint}/servers/${id}/actions/${how}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${info.cloudToken}` },
      });
  const status = how === 'poweroff' ? 'off' : 'running';
  await expect
    .poll(async () =>
      (await cli.cloud<{ name: string; status: string }>('servers'))
        .filter(({ name }) => which.test(name))
        .map((one) => one.status),
    )
    .toSatisfy((all: string[]) => all.every((one) => one === status));
};
/** k3s stops on all servers, whose data stay. */
const stopServers = async (count: number): Promise<void> => {
  for (let n = 1; n <= count; n += 1) await run(['cluster', 'ssh', 'demo', `cp-${n}`, '--', 'systemctl stop k3s']);
};
const killedAt = (when: string, kind: string, what: string): Record<string, string> => ({
  SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ when, kind, what, act: 'kill' }]),
});

describe('cluster restore', () => {
  it('brings a lone server back after its machine was deleted, with one command, and backs it up again', async () => {
    await create(1, 1);
    await put('before');
    const id = await backUp();
    await put('after');
    const living = await restore();
    expect(living).toMatchObject({ code: 3, err: expect.stringContaining('CLUSTER_ALIVE') as string });
    await deleteMachines(/-cp-/);
    const applied = await cli.run(['cluster', 'apply', 'demo', '--yes']);
    expect(applied).toMatchObject({
      code: 3,
      err: expect.stringContaining('slipway cluster restore demo') as string,
    });
    const done = await restore();
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(done.out).toMatch(/demo is restored from \S+, with data that was \d+ s old, in \d+ s\./);
    expect([await has('before'), await has('after')]).toEqual([true, false]);
    expect(await readyNodes()).toEqual(['cp-1', 'workers-1']);
    await nodesAreOfTheirMachines();
    const status = await run(['cluster', 'status', 'demo']);
    expect(status.out).toContain('No changes.');
    expect(status.out).toMatch(/last proven restore: \d+ s ago, data \d+ s old, took \d+ s/);
    const listed = JSON.parse((await run(['backup', 'list', 'demo', '--json'])).out) as { backups: { id: string }[] };
    expect(listed.backups.map((one) => one.id)).toHaveLength(2);
    expect(listed.backups[1]!.id).toBe(id);
    expect((await run(['backup', 'verify', 'demo', '--all'])).out).toContain(id);
  });

  it('takes three servers whose k3s was stopped back to the time of the backup, on their own machines', async () => {
    await create(3, 1);
    await put('before');
    await backUp();
    await put('after');
    await stopServers(3);
    const shown = await run(['cluster', 'restore', 'demo', '--dry-run']);
    expect(shown.out.match(/stop k3s and put its data of etcd aside/g)).toHaveLength(2);
    const done = await restore();
    expect(done, done.err).toMatchObject({ code: 0 });
    expect([await has('before'), await has('after')]).toEqual([true, false]);
    await expect.poll(readyNodes, { timeout: 30_000 }).toEqual(['cp-1', 'cp-2', 'cp-3', 'workers-1']);
    const read = async (path: string): Promise<Run> => cli.run(['cluster', 'ssh', 'demo', 'cp-1', '--', `cat ${path}`]);
    const { out } = await read('/var/lib/slipway/restored');
    expect((await read(`/var/lib/rancher/k3s/server.before-${out.trim()}/token`)).out).toContain('::server:');
  });

  it('makes three servers and a worker anew after all machines were deleted, and old nodes are gone', async () => {
    await create(3, 2);
    await put('before');
    await backUp();
    await deleteMachines(/demo/);
    const done = await restore();
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(await has('before')).toBe(true);
    await expect.poll(readyNodes, { timeout: 30_000 }).toEqual(['cp-1', 'cp-2', 'cp-3', 'workers-1', 'workers-2']);
    await nodesAreOfTheirMachines();
    expect((await run(['cluster', 'status', 'demo', '--exit-code'])).out).toContain('3 of 3 members vote');
  });

  it('is refused while so many servers are silent that they could come back as the old cluster', async () => {
    await create(3, 0);
    await backUp();
    await power(/cp-[23]/, 'poweroff');
    const refused = await restore([], { SLIPWAY_SSH_PATIENCE: '1' });
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('SERVERS_SILENT') as string });
    await power(/cp-[23]/, 'poweron');
    for (const slot of ['cp-2', 'cp-3'])
      await expect
        .poll(async () => (await cli.run(['cluster', 'ssh', 'demo', slot, '--', 'systemctl stop k3s'])).code, {
          timeout: 20_000,
        })
        .toBe(0);
    await stopServers(1);
    const done = await restore();
    expect(done, done.err).toMatchObject({ code: 0 });
    await expect.poll(readyNodes, { timeout: 20_000 }).toEqual(['cp-1', 'cp-2', 'cp-3']);
  });

  it('is refused for a backup that was changed, of another cluster, or of a newer minor, and changes nothing', async () => {
    await create(1, 0);
    await backUp();
    const id = await backUp();
    const from = ['--from', id];
    const folder = join(cli.home, 'ws/backups/demo', id);
    await deleteMachines(/demo/);
    const contents = readFileSync(join(folder, 'contents.json'), 'utf8');
    rmSync(join(folder, 'contents.json'));
    expect(await restore(from)).toMatchObject({
      code: 3,
      err: expect.stringContaining('token and the keys are not in it') as string,
    });
    writeFileSync(join(folder, 'contents.json'), contents, { mode: 0o600 });
    const part = readFileSync(join(folder, 'snapshot-0001'));
    writeFileSync(join(folder, 'snapshot-0001'), part.subarray(0, 3000), { mode: 0o600 });
    expect(await restore(from)).toMatchObject({ code: 3, err: expect.stringContaining('damaged') as string });
    writeFileSync(join(folder, 'snapshot-0001'), part, { mode: 0o600 });
    const path = join(cli.home, 'ws/clusters/demo/record.json');
    const record = readFileSync(path, 'utf8');
    writeFileSync(path, record.replaceAll('v1.36.', 'v1.35.'), { mode: 0o600 });
    expect(await restore(from)).toMatchObject({ code: 3, err: expect.stringContaining('BACKUP_TOO_NEW') as string });
    const other = JSON.parse(record) as { id: string };
    writeFileSync(path, JSON.stringify({ ...other, id: 'another' }), { mode: 0o600 });
    expect(await restore(from)).toMatchObject({
      code: 3,
      err: expect.stringContaining('BACKUP_OF_ANOTHER') as string,
    });
    writeFileSync(path, record, { mode: 0o600 });
    expect(await cli.cloud('servers')).toEqual([]);
    await run(['cluster', 'restore', 'demo', '--yes', '--from', id]);
  });

  it.each([
    killedAt('before', 'provider', 'POST /servers'),
    killedAt('after', 'provider', 'POST /servers'),
    killedAt('after', 'workspace', 'record.json'),
    killedAt('before', 'ssh', 'upload'),
    killedAt('after', 'ssh', 'upload'),
    killedAt('before', 'ssh', 'restore-etcd'),
    killedAt('after', 'ssh', 'restore-etcd'),
    killedAt('before', 'ssh', 'start-k3s'),
    killedAt('after', 'ssh', 'start-k3s'),
    killedAt('before', 'ssh', 'renew-nodes'),
    killedAt('after', 'ssh', 'renew-nodes'),
  ])('goes on when it is run again after it was killed: %j', async (env) => {
    await create(1, 1);
    await put('before');
    await backUp();
    await deleteMachines(/-cp-/);
    expect((await restore([], env)).code).toBe(137);
    const record = readFileSync(join(cli.home, 'ws/clusters/demo/record.json'), 'utf8');
    if (record.includes('"restored": false')) {
      const applied = await cli.run(['cluster', 'apply', 'demo', '--yes']);
      expect(applied).toMatchObject({ code: 3, err: expect.stringContaining('RESTORE_UNFINISHED') as string });
    }
    const done = await restore();
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(await has('before')).toBe(true);
    expect(await readyNodes()).toEqual(['cp-1', 'workers-1']);
    expect(await cli.cloud('servers')).toHaveLength(2);
    expect(readFileSync(join(cli.home, 'ws/clusters/demo/record.json'), 'utf8')).not.toContain('"restore"');
  });

  it.skipIf(client('versitygw') === undefined)(
    'brings back a cluster of which nothing is left but its bucket of backups and an identity',
    async () => {
      const server = (await versitygw())!;
      try {
        const place = `s3://${await server.bucket()}/backups`;
        await create(1, 1);
        const spec = await run(['cluster', 'status', 'demo', '--spec']);
        writeFileSync(join(cli.home, 'demo.yaml'), `${spec.out}\nbackup: {to: '${place}'}\n`);
        await run(['cluster', 'apply', '-f', 'demo.yaml', '--yes'], server.env);
        await put('before');
        await run(['backup', 'create', 'demo'], server.env);
        await deleteMachines(/demo/);
        rmSync(join(cli.home, 'ws/clusters'), { recursive: true });
        rmSync(join(cli.home, 'demo.yaml'));
        const done = await restore(['--at', place], server.env);
        expect(done, done.err).toMatchObject({ code: 0 });
        expect(done.err).toContain('from the backup');
        expect(existsSync(join(cli.home, 'ws/clusters/demo/id_ed25519'))).toBe(true);
        expect(await has('before')).toBe(true);
        expect(await readyNodes()).toEqual(['cp-1', 'workers-1']);
        expect((await run(['cluster', 'status', 'demo'], server.env)).out).toContain('No changes.');
      } finally {
        await server.close();
      }
    },
  );
});
