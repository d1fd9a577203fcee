import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { openBoundary, Secret, systemClock } from '../../src/domain/index.js';
import { openKube } from '../../src/kube/index.js';
import { cli, create, names, scale } from '../support/scaled-by-hand.js';

it('`pool scale` removes no machine while any that is to go runs what would be lost, and tells all of it', async () => {
  await create(1, 5);
  const before = await names();
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  const kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
  const options = { signal: new AbortController().signal };
  const nodeOf = (slot: number): string => before.find((name) => name.includes(`-workers-${slot}-`))!;
  const bare = (slot: number) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `bare-${slot}`, namespace: 'default' },
    spec: { nodeName: nodeOf(slot), containers: [{ name: 'main', image: 'busybox' }] },
  });
  try {
    await kube.apply(bare(3), options);
    await kube.apply(bare(5), options);
    for (const command of [() => scale(2), () => scale(2)]) {
      const refused = await command();
      expect(refused, refused.err).toMatchObject({ code: 3 });
      const said = refused.out + refused.err;
      expect(said).toContain('UNMANAGED_PODS');
      expect(said).toContain(`${nodeOf(3)}: default/bare-3`);
      expect(said).toContain(`${nodeOf(5)}: default/bare-5`);
      expect(await names()).toEqual(before);
    }
    expect((await kube.nodes(options)).every(({ schedulable }) => schedulable)).toBe(true);
    for (const slot of [3, 5]) await kube.delete({ ...bare(slot) }, options);
    const shrunk = await scale(2);
    expect(shrunk, shrunk.err).toMatchObject({ code: 0 });
    expect(await names()).toHaveLength(3);
  } finally {
    kube.close();
  }
});

it('`pool scale` that is refused, busy or not confirmed leaves the cluster file as it was, byte for byte', async () => {
  const file = join(cli.home, 'cluster.yaml');
  const text = `# ours\nname: demo\nprovider: {name: sandbox}\ncontrolPlane: {count: 1}\npools:\n  - {name: workers, count: 1}  # web\n`;
  writeFileSync(file, text);
  const created = await cli.run(['cluster', 'create', '-f', 'cluster.yaml', '--yes', '--json']);
  expect(created, created.err).toMatchObject({ code: 0 });

  const folder = join(cli.home, 'ws/clusters/demo');
  renameSync(join(folder, 'id_ed25519'), join(cli.home, 'key'));
  expect(await scale(2)).toMatchObject({ code: 3 });
  expect(readFileSync(file, 'utf8')).toBe(text);
  renameSync(join(cli.home, 'key'), join(folder, 'id_ed25519'));

  const holder = { operation: 'apply', pid: 1, host: 'elsewhere', user: 'ada', since: '2026-01-01', nonce: 'n' };
  writeFileSync(join(folder, 'lock'), JSON.stringify(holder));
  expect(await scale(2)).toMatchObject({ code: 7 });
  expect(readFileSync(file, 'utf8')).toBe(text);
  rmSync(join(folder, 'lock'));

  const asked = await cli.run(['pool', 'scale', 'demo', 'workers', '--count', '0']);
  expect([2, 6], asked.err).toContain(asked.code);
  expect(readFileSync(file, 'utf8')).toBe(text);

  expect(await scale(2)).toMatchObject({ code: 0 });
  expect(readFileSync(file, 'utf8')).toBe(text.replace('name: workers, count: 1', 'name: workers, count: 2'));
  expect(await names()).toHaveLength(3);
});

it('`pool scale` puts the cluster file back when its first step is refused for what came meanwhile', async () => {
  const file = join(cli.home, 'cluster.yaml');
  const text = `name: demo\nprovider: {name: sandbox}\ncontrolPlane: {count: 1}\npools: [{name: workers, count: 2}]\n`;
  writeFileSync(file, text);
  const created = await cli.run(['cluster', 'create', '-f', 'cluster.yaml', '--yes', '--json']);
  expect(created, created.err).toMatchObject({ code: 0 });
  const node = (await names()).find((name) => name.includes('-workers-2-'))!;
  const record = join(cli.home, 'ws/clusters/demo/record.json');
  const recorded = JSON.parse(readFileSync(record, 'utf8')) as unknown;

  const [reached, until] = [join(cli.home, 'reached'), join(cli.home, 'go-on')];
  const act = { until, reached };
  const hold = [{ when: 'before', kind: 'workspace', what: 'write .*record\\.json', nth: 1, act }];
  const scaling = cli.start(['pool', 'scale', 'demo', 'workers', '--count', '1', '--yes', '--progress', 'plain'], {
    SLIPWAY_TEST_BOUNDARY: JSON.stringify(hold),
  });
  let said = '';
  scaling.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await expect.poll(() => existsSync(reached)).toBe(true);
  await expect.poll(() => said).toContain('changed ');
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  const kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
  const { signal } = new AbortController();
  try {
    await kube.apply(
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'late', namespace: 'default' },
        spec: { nodeName: node, containers: [{ name: 'main', image: 'busybox' }] },
      },
      { signal },
    );
    expect(readFileSync(file, 'utf8')).not.toBe(text);
    writeFileSync(until, '');
    expect(await scaling, said).toMatchObject({ exitCode: 3 });
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(JSON.parse(readFileSync(record, 'utf8'))).toEqual(recorded);
    expect((await kube.nodes({ signal })).every(({ schedulable }) => schedulable)).toBe(true);
    expect(await names()).toHaveLength(3);
  } finally {
    kube.close();
  }
});
