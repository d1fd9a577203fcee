import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { client } from '../../../support/clients.js';
import { type Listed, LinodeRig } from './rig.js';

const run = promisify(execFile);
const cli = client('linode-cli');
const go = client('linodego');

let rig: LinodeRig;
let time: NodeJS.Timeout;
beforeEach(async () => {
  rig = await new LinodeRig().open();
  // Minutes of the cloud pass while the program waits a moment.
  time = setInterval(() => rig.clock.advance(1_000), 10);
});
afterEach(async () => {
  clearInterval(time);
  await rig.close();
});

describe.skipIf(go === undefined)('Linode’s own Go library', () => {
  it('makes an LKE cluster, waits for its kubeconfig, recycles a node and deletes it', async () => {
    const { stdout } = await run(go!, [rig.base.replace(/\/v4$/, ''), 'writer']);
    expect(JSON.parse(stdout)).toEqual({
      newest: '1.37',
      'at once': 'ready',
      early: true,
      kubeconfig: true,
      tags: ['mine'],
      recycled: true,
      pool: true,
      range: [3, 3, 4],
      upgraded: '1.37',
      left: 0,
    });
  });
});

describe.skipIf(cli === undefined)('Linode’s own command line', () => {
  it('lists, makes an LKE cluster, shows its kubeconfig, recycles a node and deletes it', async () => {
    const url = new URL(rig.base);
    const env = {
      LINODE_CLI_TOKEN: 'writer',
      LINODE_CLI_API_HOST: url.host,
      LINODE_CLI_API_SCHEME: 'http',
      LINODE_CLI_API_VERSION: 'v4',
      PATH: process.env.PATH,
      HOME: '/nonexistent',
    };
    const linode = async <T>(...args: string[]): Promise<T> => {
      const { stdout } = await run(
        cli!,
        ['-m', 'linodecli', '--json', '--no-defaults', '--suppress-warnings', ...args],
        {
          env,
        },
      );
      return (stdout.trim() === '' ? undefined : JSON.parse(stdout)) as T;
    };
    const pools = ['--node_pools.type', 'g6-standard-2', '--node_pools.count', '1'];
    const where = ['--label', 'cli', '--region', 'se-sto', '--k8s_version', '1.36'];
    const [made] = await linode<[{ id: number; status: string }]>('lke', 'cluster-create', ...where, ...pools);
    const id = String(made.id);
    expect(await linode('lke', 'clusters-list')).toMatchObject([{ label: 'cli', k8s_version: '1.36' }]);
    await expect
      .poll(() => linode('lke', 'kubeconfig-view', id).catch(() => undefined), { timeout: 60_000 })
      .toMatchObject([{ kubeconfig: expect.stringMatching(/^[A-Za-z0-9+/=]+$/) as string }]);
    expect(await linode('lke', 'pools-list', id)).toMatchObject([{ type: 'g6-standard-2' }]);
    const nodes = async () =>
      (await rig.get<Listed<{ nodes: { id: string }[] }>>(`/lke/clusters/${id}/pools`)).body.data[0]!.nodes;
    const before = (await nodes())[0]!.id;
    await linode('lke', 'node-recycle', id, before);
    expect((await nodes())[0]!.id).not.toBe(before);
    await linode('lke', 'cluster-delete', id);
    expect(await linode('lke', 'clusters-list')).toEqual([]);
  });
});
