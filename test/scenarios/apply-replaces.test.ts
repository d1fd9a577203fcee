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
const path = join(cli.home, 'cluster.yaml');
const signal = new AbortController().signal;

interface Server {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly server_type: { readonly name: string };
  readonly location: { readonly name: string };
}
interface Step {
  readonly id: string;
  readonly target: string;
  readonly text: string;
}

interface Asked {
  readonly servers?: number;
  readonly server?: string;
  readonly web?: string;
  readonly workers?: number;
  readonly location?: string;
  readonly image?: string;
}
const kept: Asked = { servers: 3, server: 'cax21', web: 'cax21', workers: 2, location: 'fsn1', image: 'ubuntu-26.04' };
let asked = kept;
/** Writes the cluster file; what is not said stays as it was. */
function file(change: Asked = {}): void {
  asked = { ...asked, ...change };
  const { servers: count, server: type, web, workers, location, image } = asked;
  const pools = [{ name: 'web', type: web, count: workers, locations: [location] }];
  const provider = { name: 'sandbox', locations: ['fsn1', 'nbg1'] };
  writeFileSync(
    path,
    stringify({ name: 'demo', provider, controlPlane: { count, type, locations: ['fsn1'] }, pools, image }),
  );
}

const slipway = (...args: string[]) => cli.run(args);
const answer = async <T>(...args: string[]): Promise<T> => {
  const run = await slipway(...args, '--json');
  expect(run, run.err).toMatchObject({ code: 0 });
  return JSON.parse(run.out) as T;
};
const refusal = async (...args: string[]) => {
  const { code, out } = await slipway(...args, '--json');
  const { error } = JSON.parse(out) as { error: { code: string; message: string; hint: string; details: string[] } };
  return { exit: code, ...error };
};
/** Place, type and location of every machine. */
const machines = async (): Promise<readonly string[]> =>
  (await cli.cloud<Server>('servers'))
    .map(
      ({ labels, server_type, location }) =>
        `${labels['slipway.dev/pool']}-${labels['slipway.dev/slot']} ${server_type.name} ${location.name}`,
    )
    .sort();
const names = async (): Promise<readonly string[]> =>
  (await cli.cloud<Server>('servers')).map(({ name }) => name).sort();
const etcd = async () => (await answer<{ etcd: object }>('cluster', 'status', 'demo')).etcd;
const steps = async (...args: string[]) =>
  (await answer<{ steps: readonly Step[] }>(...args)).steps.map(({ target, text }) => `${target}: ${text}`);
const isDone = async () =>
  expect(await slipway('cluster', 'plan', 'demo', '--detailed-exitcode')).toMatchObject({ code: 0 });
const kubeNow = async (): Promise<Kube> => {
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
};

beforeAll(async () => {
  file();
  const created = await slipway('cluster', 'create', '-f', path, '--yes');
  expect(created, created.err).toMatchObject({ code: 0 });
}, 240_000);
afterAll(() => cli.close());

describe('`cluster apply` of a file that asks for another type, image or location', () => {
  it('makes the plan that `cluster recycle --outdated` makes, which plan, a dry run and status show', async () => {
    const before = await names();
    file({ web: 'cax31' });
    const recycle = await steps('cluster', 'recycle', 'demo', '--outdated', '--dry-run');
    expect(recycle).toEqual([
      expect.stringMatching(/^web-1: create cax31 in fsn1, join it; drain demo-web-1-\w+ and delete it$/),
      expect.stringMatching(/^web-2: create cax31 in fsn1, join it; drain demo-web-2-\w+ and delete it$/),
    ]);
    expect(await steps('cluster', 'plan', 'demo')).toEqual(recycle);
    expect(await steps('cluster', 'apply', 'demo', '--dry-run')).toEqual(recycle);
    const status = await answer<{ differs: readonly Step[]; outdated: unknown[] }>('cluster', 'status', 'demo');
    expect(status.differs.map(({ target, text }) => `${target}: ${text}`)).toEqual(recycle);
    expect(status.outdated).toEqual([]);
    const shown = await slipway('cluster', 'apply', 'demo', '--dry-run');
    expect(shown.out).toMatch(/in wave 1 of 2; lost: cax21 in fsn1, with everything on its disk/);
    expect(shown.out).toMatch(/The whole cluster: about [\d.]+ EUR a month, net \(now [\d.]+, \+[\d.]+\)/);
    expect(shown.out).not.toContain('needs cluster recycle');
    expect(await names()).toEqual(before);
  }, 120_000);

  it('asks first and names what is lost, and is left undone by what changes a pool alone', async () => {
    const error = await refusal('cluster', 'apply', 'demo');
    expect(error).toMatchObject({ code: 'CONFIRMATION_NEEDED', exit: 2 });
    expect(error.details.join('\n')).toMatch(/web-2: create cax31 .*\n +in wave 2 of 2; lost: cax21 in fsn1/);
    const scaled = await slipway('pool', 'scale', 'demo', 'web', '--count', '3', '--yes');
    expect(scaled, scaled.err).toMatchObject({ code: 0 });
    expect(scaled.out).toMatch(/web-1 +machine type cax21 → cax31: needs cluster recycle/);
    expect((await machines()).filter((machine) => machine.startsWith('web'))).toEqual([
      'web-1 cax21 fsn1',
      'web-2 cax21 fsn1',
      'web-3 cax31 fsn1',
    ]);
  }, 120_000);

  it('makes what else the file asks for first, then replaces workers and servers, and is done', async () => {
    file({ web: 'cax31', server: 'cax31', workers: 4 });
    const applied = await answer<{ changed: number; outdated: unknown[] }>('cluster', 'apply', 'demo', '--yes');
    expect(applied.outdated).toEqual([]);
    expect(await machines()).toEqual([
      ...['cp-1', 'cp-2', 'cp-3', 'web-1', 'web-2', 'web-3', 'web-4'].map((place) => `${place} cax31 fsn1`),
    ]);
    expect(await etcd()).toMatchObject({ members: 3, voters: 3 });
    await isDone();
  }, 240_000);

  it.each<[string, Asked, object]>([
    [
      'before a provider’s request',
      { web: 'cax21' },
      { when: 'before', kind: 'provider', what: 'POST /servers$', nth: 2, act: 'kill' },
    ],
    [
      'after a provider’s request',
      { server: 'cax21' },
      { when: 'after', kind: 'provider', what: 'DELETE /servers/', nth: 2, act: 'kill' },
    ],
    [
      'before a task on a host',
      { server: 'cax31' },
      { when: 'before', kind: 'ssh', what: 'stop-k3s', nth: 1, act: 'kill' },
    ],
    [
      'after a task on a host',
      { web: 'cax31' },
      { when: 'after', kind: 'ssh', what: 'start-k3s', nth: 2, act: 'kill' },
    ],
    [
      'after a request to Kubernetes',
      { location: 'nbg1' },
      { when: 'after', kind: 'kube', what: 'DELETE .*demo-web', nth: 1, act: 'kill' },
    ],
    [
      'after a write to the workspace',
      { server: 'cax21' },
      { when: 'after', kind: 'workspace', what: 'kubeconfig', nth: 2, act: 'kill' },
    ],
  ])(
    'killed %s is finished by the same command',
    async (_, change, order) => {
      file({ ...change, workers: 2 });
      const apply = ['cluster', 'apply', 'demo', '--yes'];
      const killed = await cli.run(apply, { SLIPWAY_TEST_BOUNDARY: JSON.stringify([order]) });
      expect(killed.code, killed.err).not.toBe(0);
      const again = await cli.run(apply);
      expect(again, again.err).toMatchObject({ code: 0 });
      const { server, web, location } = asked;
      expect(await machines()).toEqual([
        ...['cp-1', 'cp-2', 'cp-3'].map((place) => `${place} ${server} fsn1`),
        ...['web-1', 'web-2'].map((place) => `${place} ${web} ${location}`),
      ]);
      expect(await etcd()).toMatchObject({ members: 3, voters: 3 });
      await isDone();
    },
    240_000,
  );

  it('is refused where a pod would lose its data, unless --accept-data-loss names it', async () => {
    file({ image: 'debian-13' });
    const kube = await kubeNow();
    const before = await names();
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'default' } };
    const size = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
    try {
      const node = (await kube.nodes({ signal })).find(({ name }) => name.startsWith('demo-web-2'))!.name;
      const disk = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'disk' } };
      await kube.apply(
        { ...disk, spec: { ...size, local: { path: '/data' }, capacity: { storage: '1Gi' } } },
        { signal },
      );
      const resources = { requests: { storage: '1Gi' } };
      await kube.apply({ ...claim, spec: { ...size, volumeName: 'disk', resources } }, { signal });
      const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'db', controller: true }];
      const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'db-0', namespace: 'default', ownerReferences } };
      const spec = { nodeName: node, containers: [{ name: 'db', image: 'db:1' }], volumes };
      await kube.apply({ ...pod, spec }, { signal });
      for (const command of [['plan'], ['apply', '--yes'], ['apply', '--dry-run']]) {
        const refused = await refusal('cluster', command[0]!, 'demo', ...command.slice(1));
        expect(refused).toMatchObject({ code: 'LOCAL_DATA', exit: 3 });
        expect(refused.hint).toContain('--accept-data-loss NAMESPACE/POD of cluster apply');
      }
      expect(await names()).toEqual(before);
      const done = await slipway('cluster', 'apply', 'demo', '--accept-data-loss', 'default/db-0', '--yes');
      expect(done, done.err).toMatchObject({ code: 0 });
      expect(await names()).not.toContain(node);
    } finally {
      kube.close();
    }
    const later = await kubeNow();
    expect(await later.get(claim, { signal })).toBeUndefined();
    later.close();
    await isDone();
  }, 240_000);
});
