import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { client } from '../support/clients.js';
import {
  cli,
  run,
  create,
  backUp,
  restore,
  put,
  has,
  readyNodes,
  deleteMachines,
  stopServers,
} from '../support/restored-cluster.js';
import type { Run } from '../support/cli.js';
import { versitygw } from '../support/s3-servers.js';

describe('cluster restore', () => {
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
        const before = cli.workspaceText();
        const shown = await run(['cluster', 'restore', 'demo', '--at', place, '--dry-run'], server.env);
        expect(shown.out).toContain('start the cluster from the backup');
        const unasked = await cli.run(['cluster', 'restore', 'demo', '--at', place], server.env);
        expect(unasked).toMatchObject({ code: 2, err: expect.stringContaining('--yes') as string });
        expect([cli.workspaceText(), existsSync(join(cli.home, 'ws/clusters/demo'))]).toEqual([before, false]);
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
