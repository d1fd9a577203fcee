import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Cli } from '../support/cli.js';
import { LateLook } from '../support/late-look.js';
import { noTerminal, Terminal } from '../support/terminal.js';

const cli = new Cli();
const own = join(cli.home, '.kube/config');

interface Named {
  readonly id: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}
interface Attached extends Named {
  readonly server: number | null;
}

interface Deleted {
  readonly removed: Readonly<Record<string, number>>;
  readonly left: Readonly<Record<string, number>>;
  readonly keptVolumes: readonly { readonly name: string }[];
}

/** What somebody does at the cloud without Slipway. */
async function order(kind: string, body: object): Promise<void> {
  const { endpoint, info } = await cli.sandbox();
  const answer = await fetch(`${endpoint}/${kind}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${info.cloudToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`POST ${kind}: ${await answer.text()}`);
}
const deleteDemo = ['cluster', 'delete', 'demo', '--yes', '--confirm', 'demo', '--json', '--progress', 'plain'];

beforeAll(async () => {
  const made = await cli.run(['cluster', 'create', 'demo', '--control-planes', '1', '--workers', '0', '--yes']);
  expect(made.code, made.err).toBe(0);
  // Somebody else in the same project: what nothing points to may be theirs from now on.
  await order('networks', { name: 'theirs', ip_range: '10.200.0.0/16' });
});
afterAll(() => cli.close());

describe('`cluster delete` in a project that others use too', () => {
  it.skipIf(noTerminal !== undefined)(
    'asks again where something came between the question and its answer, and removes nothing when that is declined',
    async () => {
      const terminal = new Terminal({ cwd: cli.home, env: cli.env });
      try {
        terminal.type('slipway cluster delete demo; echo code=$?\r');
        await expect.poll(() => terminal.text, { timeout: 30_000 }).toContain('Type demo to go on:');
        const [server] = await cli.cloud<Named>('servers');
        await order('load_balancers', {
          name: 'between',
          load_balancer_type: 'lb11',
          location: 'fsn1',
          labels: { 'hcloud-ccm/service-uid': 'between' },
          targets: [{ type: 'server', server: { id: server!.id } }],
        });
        terminal.type('demo\r');
        await expect
          .poll(() => terminal.text, { timeout: 30_000 })
          .toContain('new since you were asked, removes: between: remove the load balancer');
        terminal.type('no\r');
        await expect.poll(() => terminal.text, { timeout: 30_000 }).toContain('code=6\n');
      } finally {
        await terminal.close();
      }
      expect(await cli.cloud('servers')).toHaveLength(1);
      const { endpoint, info } = await cli.sandbox();
      const [balancer] = await cli.cloud<Named>('load_balancers');
      expect(balancer).toMatchObject({ name: 'between' });
      const headers = { authorization: `Bearer ${info.cloudToken}` };
      const removed = await fetch(`${endpoint}/load_balancers/${balancer!.id}`, { method: 'DELETE', headers });
      expect(removed.ok).toBe(true);
    },
  );

  it('finds what only a machine told of again once it is gone: the balancer goes, the volume is named', async () => {
    const late = new LateLook(cli.home);
    const deleting = cli.start(deleteDemo, late.env);
    let said = '';
    deleting.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await late.reached();
    const [server] = await cli.cloud<Named>('servers');
    await order('load_balancers', {
      name: 'late-balancer',
      load_balancer_type: 'lb11',
      location: 'fsn1',
      labels: { 'hcloud-ccm/service-uid': 'late' },
      targets: [{ type: 'server', server: { id: server!.id } }],
    });
    await order('volumes', {
      name: 'late-volume',
      size: 10,
      labels: { 'managed-by': 'csi-driver', 'pvc-name': 'data' },
      server: server!.id,
    });
    // It is the machine's once it is attached, which takes the cloud a while.
    await expect
      .poll(async () => (await cli.cloud<Attached>('volumes')).map((volume) => volume.server))
      .toEqual([server!.id]);
    late.goOn();
    const { exitCode, stdout } = await deleting;
    expect(exitCode, said).toBe(0);
    const result = JSON.parse(String(stdout)) as Deleted;
    expect(result.removed).toEqual({ machines: 1, loadBalancers: 1, volumes: 0 });
    expect(result.left).toEqual({ machines: 0, loadBalancers: 0, volumes: 1, infrastructure: 0 });
    expect(result.keptVolumes).toMatchObject([{ name: 'late-volume' }]);
    expect(await cli.cloud('load_balancers')).toEqual([]);
    expect((await cli.cloud('networks')).map(({ name }) => name)).toEqual(['theirs']);
    const [volume] = await cli.cloud<Named>('volumes');
    expect(volume!.labels).toMatchObject({ 'pvc-name': 'data', 'slipway.dev/cluster': 'demo' });
  });
});

it('`cluster delete` that was killed when the machines were gone finds what they told of in its second run', async () => {
  const made = await cli.run(['cluster', 'create', 'demo', '--control-planes', '1', '--workers', '0', '--yes']);
  expect(made.code, made.err).toBe(0);
  const [server] = await cli.cloud<Named>('servers');
  await order('load_balancers', {
    name: 'a-balancer',
    load_balancer_type: 'lb11',
    location: 'fsn1',
    labels: { 'hcloud-ccm/service-uid': 'a' },
    targets: [{ type: 'server', server: { id: server!.id } }],
  });
  const [balancer] = await cli.cloud<Named>('load_balancers');
  const kill = [{ when: 'before', kind: 'provider', what: `DELETE /load_balancers/${balancer!.id}`, act: 'kill' }];
  expect(await cli.run(deleteDemo, { SLIPWAY_TEST_BOUNDARY: JSON.stringify(kill) })).toMatchObject({ code: 137 });
  expect(await cli.cloud('servers')).toEqual([]);
  const again = await cli.run(deleteDemo);
  expect(again.code, again.err).toBe(0);
  expect((JSON.parse(again.out) as Deleted).removed).toMatchObject({ machines: 0, loadBalancers: 1 });
  expect(await cli.cloud('load_balancers')).toEqual([]);
});

it('`cluster delete` keeps the workspace until its entries are out of the person’s kubeconfig, and says how to go on', async () => {
  const made = await cli.run([
    'cluster',
    'create',
    'demo',
    '--control-planes',
    '1',
    '--workers',
    '0',
    '--yes',
    '--merge',
  ]);
  expect(made.code, made.err).toBe(0);
  // A kubectl that never ended holds the file.
  writeFileSync(`${own}.lock`, '');
  const held = await cli.run(deleteDemo);
  expect(held.code).toBe(4);
  expect(JSON.parse(held.out)).toMatchObject({
    error: { code: 'KUBECONFIG_NOT_CLEANED', hint: expect.stringContaining('config.lock') as string },
  });
  expect(await cli.cloud('servers')).toEqual([]);
  expect(readFileSync(own, 'utf8')).toContain('name: demo');
  rmSync(`${own}.lock`);
  const again = await cli.run(deleteDemo);
  expect(again.code, again.err).toBe(0);
  expect(readFileSync(own, 'utf8')).not.toContain('name: demo');
  expect(existsSync(join(cli.home, 'ws/clusters/demo'))).toBe(false);
});
