import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  cli,
  run,
  create,
  backUp,
  restore,
  readyNodes,
  deleteMachines,
  power,
  stopServers,
} from '../support/restored-cluster.js';

describe('cluster restore', () => {
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
    const file = join(cli.home, 'elsewhere.yaml');
    const describe = (name: string): void =>
      writeFileSync(
        file,
        `name: ${name}\nprovider: {name: sandbox}\ncontrolPlane: {count: 1}\ncomponents: {preset: none}\n`,
      );
    describe('another');
    expect(await restore([...from, '-f', file])).toMatchObject({
      code: 2,
      err: expect.stringContaining('NAME_MISMATCH') as string,
    });
    expect(await cli.cloud('servers')).toEqual([]);
    // Its file is another one from then on.
    describe('demo');
    await run(['cluster', 'restore', 'demo', '--yes', '--from', id, '-f', file]);
    expect((JSON.parse(readFileSync(path, 'utf8')) as { file?: string }).file).toBe(file);
    await run(['cluster', 'plan', 'demo', '--detailed-exitcode']);
  });
});
