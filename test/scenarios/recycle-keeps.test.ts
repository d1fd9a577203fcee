import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
const signal = new AbortController().signal;

interface Owned {
  readonly name: string;
  readonly id: number;
}
interface Volume extends Owned {
  readonly server: number | null;
}
interface Server extends Owned {
  readonly location: { readonly name: string };
  readonly labels: Readonly<Record<string, string>>;
}
const open = (): Promise<Kube> =>
  openKube({
    kubeconfig: new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8')),
    boundary: openBoundary,
    clock: systemClock,
  });
const web = async (): Promise<Server> =>
  (await cli.cloud<Server>('servers')).find(({ labels }) => labels['slipway.dev/pool'] === 'web')!;
const attachedTo = async () => (await cli.cloud<Volume>('volumes')).map(({ server }) => server);

const metadata = { name: 'db', namespace: 'default' };
const labels = { app: 'db' };
const accessModes = ['ReadWriteOnce'];
const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata };
const pod = {
  metadata: { labels },
  spec: {
    containers: [{ name: 'db', image: 'db:1' }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'db' } }],
  },
};
const objects = [
  {
    ...claim,
    spec: { storageClassName: 'hcloud-volumes', accessModes, resources: { requests: { storage: '10Gi' } } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { replicas: 1, selector: { matchLabels: labels }, template: pod },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, annotations: { 'load-balancer.hetzner.cloud/location': 'fsn1' } },
    spec: { type: 'LoadBalancer', ports: [{ port: 5432 }], selector: labels },
  },
];

beforeAll(async () => {
  const spec = {
    name: 'demo',
    provider: { name: 'sandbox', locations: ['fsn1', 'nbg1'] },
    controlPlane: { count: 1, locations: ['nbg1'] },
    pools: [{ name: 'web', count: 1, type: 'cax21', locations: ['fsn1', 'nbg1'] }],
    components: { preset: 'none', 'hcloud-csi': true, 'hcloud-ccm': true },
  };
  writeFileSync(join(cli.home, 'demo.yaml'), stringify(spec));
  const made = await cli.run(['cluster', 'create', '-f', 'demo.yaml', '--yes']);
  expect(made.code, made.err).toBe(0);
  const kube = await open();
  for (const object of objects) await kube.apply(object, { signal });
  const { id } = await web();
  await expect.poll(attachedTo, { timeout: 30_000 }).toEqual([id]);
  await expect.poll(async () => (await cli.cloud('load_balancers')).length, { timeout: 30_000 }).toBe(1);
  kube.close();
}, 180_000);
afterAll(() => cli.close());

describe('`cluster recycle` of a cluster with a load balancer and a volume', () => {
  it('keeps both: the volume goes with its pod to the fresh machine', async () => {
    const before = await web();
    const [balancer] = await cli.cloud<Owned>('load_balancers');
    const [volume] = await cli.cloud<Volume>('volumes');
    const done = await cli.run(['cluster', 'recycle', 'demo', '--yes']);
    expect(done, done.err).toMatchObject({ code: 0 });
    const after = await web();
    expect(after.id).not.toBe(before.id);
    expect(after.location.name).toBe('fsn1');
    expect((await cli.cloud<Owned>('load_balancers')).map(({ id }) => id)).toEqual([balancer!.id]);
    expect((await cli.cloud<Volume>('volumes')).map(({ id }) => id)).toEqual([volume!.id]);
    await expect.poll(attachedTo, { timeout: 30_000 }).toEqual([after.id]);
  }, 180_000);

  it('crosses to no other location of the pool while its volumes lie at the one that has no machines left', async () => {
    const before = await web();
    await cli.order({ soldOut: [{ type: 'cax21', location: 'fsn1' }] });
    const refused = await cli.run(['pool', 'rotate', 'demo', 'web', '--yes']);
    await cli.order({ clear: true });
    expect(refused.code, refused.err).not.toBe(0);
    expect(refused.err).toContain('fsn1');
    expect(await web()).toMatchObject({ id: before.id });
    expect((await cli.cloud<Server>('servers')).map(({ location }) => location.name).sort()).toEqual(['fsn1', 'nbg1']);
  }, 120_000);
});
