import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli } from '../support/cli.js';

const { signal } = new AbortController();
const key = {
  SLIPWAY_VOLUMES_ACCESS_KEY_ID: 'volumes-only',
  SLIPWAY_VOLUMES_SECRET_ACCESS_KEY: 'planted-volumes-secret',
};
const to = 's3://copies/prod?region=fsn1&endpoint=https://fsn1.your-objectstorage.example';
const claim = 'default/data-db-0';
const labels = { app: 'db' };
const statefulSet = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db', namespace: 'default' },
  spec: {
    serviceName: 'db',
    replicas: 1,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        containers: [{ name: 'main', image: 'nginx' }],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: {
          storageClassName: 'hcloud-volumes',
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '10Gi' } },
        },
      },
    ],
  },
};

interface Answer {
  readonly claim?: string;
  readonly complete: boolean;
  readonly dataAgeMs: number;
  readonly times: {
    readonly noticedMs?: number;
    readonly detachedMs?: number;
    readonly podsReadyMs?: number;
    readonly capacityMs?: number;
    readonly dataMs?: number;
    readonly url?: { readonly failedSeconds: number; readonly answeredMs?: number };
  };
  readonly earlier: readonly { readonly kind: string }[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

describe('a drill of what a pod with a volume loses', () => {
  const cli = new Cli();
  let kube: Kube;
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = key) => cli.run(args, env);
  const drill = async (kind: string, ...args: string[]) => {
    const { code, out, err } = await run(['drill', kind, 'demo', '--json', ...args]);
    return { code, err, ...(JSON.parse(out) as Answer) };
  };
  const volumes = async (): Promise<readonly string[]> => (await cli.cloud('volumes')).map(({ name }) => name);
  const volume = async (): Promise<string> => {
    const [namespace, name] = claim.split('/');
    const ref = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace: namespace!, name: name! } };
    return (
      ((await kube.get(ref, { signal })) as { spec?: { volumeName?: string } } | undefined)?.spec?.volumeName ?? ''
    );
  };
  const pod = async () => {
    const ref = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name: 'db-0' } };
    const { spec, status } = ((await kube.get(ref, { signal })) ?? {}) as {
      readonly spec?: { readonly nodeName?: string };
      readonly status?: { readonly phase?: string };
    };
    return { node: spec?.nodeName, phase: status?.phase };
  };
  const running = () => expect.poll(async () => (await pod()).phase).toBe('Running');

  /** What is on the volume, as a page: it answers while the volume that the claim is bound to is there. */
  const page = createServer((_, response) => {
    Promise.all([volume(), volumes(), pod()]).then(
      ([bound, all, { phase }]) => response.writeHead(phase === 'Running' && all.includes(bound) ? 200 : 503).end(),
      () => response.writeHead(503).end(),
    );
  });
  const url = (): string => `http://127.0.0.1:${(page.address() as AddressInfo).port}/`;

  beforeAll(async () => {
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const spec = {
      name: 'demo',
      provider: { name: 'sandbox' },
      pools: [{ name: 'web', count: 2, standby: 1 }],
      components: { preset: 'none', 'hcloud-csi': true },
      backup: { volumes: { to, claims: [{ namespace: 'default', name: 'data-*' }] } },
    };
    writeFileSync(join(cli.home, 'demo.yaml'), stringify(spec));
    const created = await run(['cluster', 'create', '-f', 'demo.yaml', '--yes']);
    expect(created, created.err).toMatchObject({ code: 0 });
    kube = await openKube({
      kubeconfig: new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8')),
      boundary: openBoundary,
      clock: systemClock,
    });
    await kube.apply(statefulSet, { signal });
  });
  afterAll(async () => {
    page.close();
    kube?.close();
    await cli.close();
  });

  it('is refused for a volume of which no backup has a copy, and nothing is deleted', async () => {
    await running();
    const before = await volumes();
    expect(before).toHaveLength(1);
    const refused = await drill('db-loss', '--claim', claim, '--yes');
    expect(refused).toMatchObject({ code: 3, error: { code: 'DRILL_REFUSED' } });
    expect(refused.error!.message).toContain('data would be lost: no backup has a copy of it');
    const backup = await run(['backup', 'create', 'demo']);
    expect(backup, backup.err).toMatchObject({ code: 0 });
    expect(await drill('db-loss')).toMatchObject({ code: 2, error: { code: 'CONFIRMATION_NEEDED' } });
    const nowhere = await drill('db-loss', '--claim', 'default/nothing', '--yes');
    expect(nowhere).toMatchObject({ code: 3, error: { code: 'DRILL_REFUSED' } });
    expect(nowhere.error!.message).toContain('no such claim');
    expect(await run(['drill', 'db-loss', 'demo', '--restore', '--yes', '--json'], {})).toMatchObject({ code: 2 });
    expect(await volumes()).toEqual(before);
  });

  it('`drill node-loss` times when its volume was detached and the pod Ready elsewhere with it', async () => {
    const { node } = await pod();
    const before = await volume();
    const lost = await drill('node-loss', '--node', node!, '--heal', '--yes');
    expect(lost.code, lost.err).toBe(0);
    expect(lost.times.detachedMs).toBeGreaterThan(0);
    expect(lost.times.podsReadyMs).toBeGreaterThan(0);
    expect(lost.times).not.toHaveProperty('dataMs');
    await running();
    expect((await pod()).node).not.toBe(node);
    expect(await volume()).toBe(before);
  });

  it('`drill db-loss` times how the data of a deleted volume come back from the newest backup, and compares', async () => {
    const before = await volume();
    const lost = await drill('db-loss', '--restore', '--yes', '--url', url(), '--html', 'drill.html');
    expect(lost.code, lost.err).toBe(0);
    // Only drills of the same kind are to be compared with.
    expect(lost).toMatchObject({ claim, complete: true, earlier: [] });
    const { noticedMs, detachedMs, podsReadyMs, dataMs, url: answers } = lost.times;
    expect(lost.times).not.toHaveProperty('capacityMs');
    for (const ms of [noticedMs, detachedMs, podsReadyMs, dataMs, answers!.answeredMs]) expect(ms).toBeGreaterThan(0);
    expect(answers!.failedSeconds).toBeGreaterThan(0);
    expect(lost.dataAgeMs).toBeGreaterThan(0);
    const now = await volume();
    expect(now).not.toBe(before);
    expect(await volumes()).toEqual([now]);
    const ref = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: before } };
    await expect.poll(() => kube.get(ref, { signal })).toBeUndefined();
    expect(readFileSync(join(cli.home, 'drill.html'), 'utf8')).toContain(`Drill: demo lost the volume of ${claim}`);

    const backup = await run(['backup', 'create', 'demo']);
    expect(backup, backup.err).toMatchObject({ code: 0 });
    const again = await run(['drill', 'db-loss', 'demo', '--restore', '--yes', '--url', url()]);
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(again.out).toMatch(/data back +\d+\.\d s +\(before: \d+\.\d s\)/);
    expect(again.out).toMatch(/data lost +what was written in the \d+\.\d s between the copy and the loss/);
    expect(again.out + again.err + cli.workspaceText()).not.toContain('planted-volumes');
  });

  it('`drill db-loss` that cannot bring the data back leaves the pods stopped, and names what finishes it', async () => {
    const backup = await run(['backup', 'create', 'demo']);
    expect(backup, backup.err).toMatchObject({ code: 0 });
    const cut = {
      SLIPWAY_TEST_BOUNDARY: JSON.stringify([
        { when: 'before', kind: 'kube', what: 'POST .*persistentvolumeclaims', act: 'fail' },
      ]),
    };
    const { code, err } = await run(['drill', 'db-loss', 'demo', '--restore', '--yes', '--url', url()], {
      ...key,
      ...cut,
    });
    expect(code, err).toBe(4);
    expect(err).toContain('DRILL_INCOMPLETE');
    expect(err).toContain(`Its pods are stopped. Run slipway backup restore-volumes demo --claim ${claim}`);
    expect(err).toContain('kubectl -n default scale statefulset db --replicas=1');
    expect((await pod()).phase).toBeUndefined();
  });
});
