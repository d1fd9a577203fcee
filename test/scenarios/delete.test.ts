import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli } from '../support/cli.js';
import { LateLook } from '../support/late-look.js';

const cli = new Cli();
const { signal } = new AbortController();
let kube: Kube;

interface Deleted {
  readonly removed: { readonly machines: number; readonly loadBalancers: number; readonly volumes: number };
  readonly left: Readonly<Record<string, number>>;
}

beforeAll(async () => {
  const spec = {
    name: 'demo',
    provider: { name: 'sandbox' },
    controlPlane: { count: 1 },
    pools: [{ name: 'workers', count: 1 }],
    components: { preset: 'none', 'hcloud-csi': true },
  };
  writeFileSync(join(cli.home, 'demo.yaml'), stringify(spec));
  const made = await cli.run(['cluster', 'create', '-f', 'demo.yaml', '--yes']);
  expect(made.code, made.err).toBe(0);
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  kube = await openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
  // Its discovery is done beforehand: the cluster does not live long.
  await kube.list('v1', 'Service', {}, { signal });
});
afterAll(async () => {
  kube.close();
  await cli.close();
});

interface Volume {
  readonly name: string;
  readonly server: number | null;
}

/** A claim, and the pod whose node its volume is attached to. */
const lateVolume = [
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'late', namespace: 'default' },
    spec: {
      storageClassName: 'hcloud-volumes',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '10Gi' } },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'late', namespace: 'default' },
    spec: {
      containers: [{ name: 'main', image: 'nginx' }],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'late' } }],
    },
  },
];

/** A company's own kubeconfig, whose entries happen to be called as a cluster here is. */
const company = stringify({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [
    { name: 'demo', cluster: { server: 'https://k8s.example:6443', 'certificate-authority-data': 'dGhlaXJz' } },
  ],
  contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo' } }],
  users: [{ name: 'demo', user: { token: 'planted-company' } }],
});
const own = join(cli.home, '.kube/config');

it('`--merge` refuses a name that the person’s kubeconfig has already, on create before anything is made', async () => {
  mkdirSync(join(cli.home, '.kube'));
  writeFileSync(own, company);
  const merging = await cli.run(['cluster', 'kubeconfig', 'demo', '--merge']);
  expect(merging).toMatchObject({ code: 3, err: expect.stringContaining('kubectl config rename-context') as string });
  writeFileSync(own, company.replaceAll('demo', 'other'));
  const before = (await cli.cloud('servers')).length;
  const creating = await cli.run(['cluster', 'create', 'other', '--provider', 'sandbox', '--yes', '--merge']);
  expect(creating.code).toBe(3);
  expect(await cli.cloud('servers')).toHaveLength(before);
  writeFileSync(own, company);
});

describe('`cluster delete`', () => {
  it('removes a load balancer and a volume that the cluster made after everything was looked at, and proves that nothing is left', async () => {
    const late = new LateLook(cli.home);
    const before = (await cli.cloud('load_balancers')).length;
    const deleting = cli.start(
      ['cluster', 'delete', 'demo', '--delete-volumes', '--yes', '--confirm', 'demo', '--json', '--progress', 'plain'],
      late.env,
    );
    let said = '';
    deleting.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await late.reached();
    // A connection that idled since may be closed by now; a write is not sent twice.
    await kube.nodes({ signal });
    await kube.apply(
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: 'late',
          namespace: 'default',
          annotations: { 'load-balancer.hetzner.cloud/location': 'fsn1' },
        },
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { app: 'late' } },
      },
      { signal },
    );
    for (const object of lateVolume) await kube.apply(object, { signal });
    await expect
      .poll(async () => (await cli.cloud('load_balancers')).length, { interval: 100 })
      .toBeGreaterThan(before);
    await expect
      .poll(async () => (await cli.cloud<Volume>('volumes'))[0]?.server, { interval: 100 })
      .toEqual(expect.any(Number));
    late.goOn();
    const { exitCode, stdout } = await deleting;
    expect(exitCode, said).toBe(0);
    const result = JSON.parse(String(stdout)) as Deleted;
    expect(result.removed).toMatchObject({ machines: 2, loadBalancers: 1, volumes: 1 });
    expect(result.left).toEqual({ machines: 0, loadBalancers: 0, volumes: 0, infrastructure: 0 });
    for (const kind of ['servers', 'networks', 'firewalls', 'load_balancers', 'volumes'])
      expect(await cli.cloud(kind), kind).toEqual([]);
  });

  it('leaves a person’s kubeconfig alone where nothing was merged into it', () => {
    expect(readFileSync(own, 'utf8')).toBe(company);
  });
});
