import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { madeByKeys } from '../../src/domain/labels.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube } from '../../src/kube/types.js';
import { Cli, type Run } from '../support/cli.js';

const signal = new AbortController().signal;
let cli: Cli;
let path: string;

interface Asked {
  readonly disable?: readonly string[];
  readonly servers?: number;
  readonly workers?: number;
  readonly version?: string;
  readonly network?: object;
}

/** Writes the cluster file. */
const file = ({ disable = [], servers = 3, workers = 2, version = 'v1.36.5+k3s1', network = {} }: Asked = {}): void =>
  writeFileSync(
    path,
    stringify({
      name: 'demo',
      provider: { name: 'sandbox' },
      kubernetes: { version, disable },
      controlPlane: { count: servers },
      pools: [{ name: 'web', count: workers }],
      network,
    }),
  );
const slipway = (...args: readonly string[]): Promise<Run> => cli.run(args);
const plan = (...args: readonly string[]): Promise<Run> =>
  slipway('cluster', 'plan', '-f', path, '--detailed-exitcode', ...args);
const apply = (env: Readonly<Record<string, string>> = {}): Promise<Run> =>
  cli.run(['cluster', 'apply', '-f', path, '--yes'], env);

async function withKube<T>(work: (kube: Kube) => Promise<T>): Promise<T> {
  const kube = await openKube({
    kubeconfig: new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8')),
    boundary: openBoundary,
    clock: systemClock,
  });
  try {
    return await work(kube);
  } finally {
    kube.close();
  }
}
/** Whether the servers deploy metrics-server. */
const isDeployed = (): Promise<boolean> =>
  withKube(async (kube) => {
    const metadata = { name: 'metrics-server-deployment', namespace: 'kube-system' };
    return (await kube.get({ apiVersion: 'k3s.cattle.io/v1', kind: 'Addon', metadata }, { signal })) !== undefined;
  });
/** By slot, whether a server was started without metrics-server. */
const without = (): Promise<Record<string, boolean>> =>
  withKube(async (kube) =>
    Object.fromEntries(
      (await kube.nodes({ signal }))
        .filter(({ controlPlane }) => controlPlane)
        .map(({ name, annotations }) => [
          name.split('-').slice(1, 3).join('-'),
          annotations['k3s.io/node-args']!.includes('metrics-server'),
        ]),
    ),
  );
async function create(size: Asked = {}): Promise<void> {
  file(size);
  const made = await slipway('cluster', 'create', '-f', path, '--yes');
  expect(made, made.err).toMatchObject({ code: 0 });
}
const open = (): void => {
  cli = new Cli('0.03');
  path = join(cli.home, 'cluster.yaml');
};

describe('`cluster apply` of a file that leaves out another part of k3s', () => {
  beforeAll(async () => {
    open();
    await create();
  }, 120_000);
  afterAll(() => cli.close());

  it('is planned as a step for each server, asked about, and left as it is until somebody says yes', async () => {
    expect(await isDeployed()).toBe(true);
    file({ disable: ['metrics-server'] });
    const shown = await plan();
    expect(shown.code, shown.err).toBe(5);
    expect(shown.out).toMatch(/Change the settings of servers\n/);
    expect(shown.out).toMatch(/~ cp-1 +write its configuration and start k3s with it; its pods run on\n/);
    expect(shown.out).toMatch(/without local-storage, .*traefik → without local-storage, metrics-server, .*traefik/);
    expect(shown.out).toContain('5 steps: 2 to add, 3 to change, 0 to remove.');
    const unasked = await slipway('cluster', 'apply', '-f', path);
    expect(unasked.code).toBe(2);
    expect(unasked.err).toContain('Change the settings of 3 nodes of demo, in 5 steps?');
    expect(unasked.err).toMatch(/3 servers, one at a time: without .* → without .*metrics-server/);
    expect(await without()).toEqual({ 'cp-1': false, 'cp-2': false, 'cp-3': false });
    const status = await slipway('cluster', 'status', 'demo');
    expect(status.out).toMatch(/cp-1 +configuration without .*: needs cluster apply/);
  });

  it('starts servers one at a time with it, after which the part is gone and nothing is left to do', async () => {
    const applied = await apply();
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(applied.out).not.toContain('Not changed');
    const order = [...applied.err.matchAll(/(cp-\d) +write its configuration/g)].map(([, slot]) => slot);
    expect(new Set(order).size, applied.err).toBe(3);
    expect(await without()).toEqual({ 'cp-1': true, 'cp-2': true, 'cp-3': true });
    expect(await isDeployed()).toBe(false);
    const after = await plan();
    expect(after).toMatchObject({
      code: 0,
      out: expect.stringContaining('No changes. The cluster matches the file.') as string,
    });
    expect((await slipway('cluster', 'status', 'demo')).out).toContain('No changes. The cluster matches the file.');
    expect((await slipway('cluster', 'list')).out).not.toContain('differs from its file');
  });

  it('has newcomers agree with the servers, and brings the part back where the file has it again', async () => {
    file({ disable: [], workers: 3 });
    const shown = await plan();
    expect(shown.err).toContain('Servers that join before get the new settings with the others.');
    // Asked about with the machine that comes first: unanswered, that is not made either.
    const unasked = await slipway('cluster', 'apply', '-f', path);
    expect(unasked, unasked.err).toMatchObject({ code: 2 });
    expect(unasked.err).toContain('Change the settings of 3 nodes of demo');
    expect(await cli.cloud('servers')).toHaveLength(5);
    const applied = await apply();
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(await isDeployed()).toBe(true);
    expect(await without()).toEqual({ 'cp-1': false, 'cp-2': false, 'cp-3': false });
    expect(await plan()).toMatchObject({ code: 0 });
  });

  it('brings workers to their configuration too, a first one before the others', async () => {
    const marked = await withKube(async (kube) => {
      const workers = (await kube.nodes({ signal })).filter(({ controlPlane }) => !controlPlane);
      for (const { name } of workers)
        await kube.patchNode(name, { annotations: { [madeByKeys.config]: '0123456789abcdef' } }, { signal });
      return workers.length;
    });
    expect(marked).toBe(3);
    const shown = await plan();
    expect(shown.out).toMatch(/~ web-1 +write its configuration and start k3s with it; its pods run on/);
    expect(shown.out).toContain('see that the others are up before 1 more is changed');
    const applied = await apply();
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(await plan()).toMatchObject({ code: 0 });
  });

  it('gives a server that does not come up its former settings back, begins nothing after it, and goes on once that is mended', async () => {
    file({ disable: ['metrics-server'], workers: 3 });
    const trait = async (crashesWithout: string | null): Promise<void> =>
      void (await (
        await cli.sandbox()
      ).call('POST', 'machines', { act: 'change', name: 'demo-cp-1.*', facts: { crashesWithout } }));
    await trait('metrics-server');
    const failed = await apply();
    expect(failed.code, failed.err).toBe(4);
    expect(failed.err).toMatch(
      /demo-cp-1-\w+ does not come up with its new settings, and has its former ones again: .*panic/,
    );
    expect(failed.err).toContain('SETTINGS_PUT_BACK');
    expect(failed.err).toMatch(/run it again to finish: \S.*cluster apply/);
    expect(await without()).toEqual({ 'cp-1': false, 'cp-2': false, 'cp-3': false });
    const ready = await withKube(async (kube) => (await kube.nodes({ signal })).map((node) => node.ready));
    expect(ready).toEqual([true, true, true, true, true, true]);
    // Taken back in the file, nothing is left to do.
    file({ workers: 3 });
    expect(await plan()).toMatchObject({ code: 0 });
    file({ disable: ['metrics-server'], workers: 3 });
    await trait(null);
    expect((await plan()).code).toBe(5);
    const again = await apply();
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await without()).toEqual({ 'cp-1': true, 'cp-2': true, 'cp-3': true });
    file({ workers: 3 });
    expect(await apply()).toMatchObject({ code: 0 });
  }, 180_000);

  it('says of a server that does not come up with its former settings either what it is like, and goes on with it', async () => {
    file({ disable: ['metrics-server'], workers: 3 });
    const machines = (facts: object) => async (): Promise<void> => {
      await (await cli.sandbox()).call('POST', 'machines', { act: 'change', name: 'demo-cp-1.*', facts });
    };
    await machines({ crashesWith: 'v1.36.5+k3s1' })();
    const failed = await apply();
    expect(failed.code, failed.err).toBe(4);
    expect(failed.err).toContain('SETTINGS_FAILED');
    expect(failed.err).toMatch(/k3s\.service does not start: it ends each time with a panic/);
    expect(failed.err).toContain('Its former ones were not put back: ');
    expect(await without()).toEqual({ 'cp-1': false, 'cp-2': false, 'cp-3': false });
    await machines({ crashesWith: '' })();
    const again = await apply();
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await without()).toEqual({ 'cp-1': true, 'cp-2': true, 'cp-3': true });
    expect(await plan()).toMatchObject({ code: 0 });
  }, 180_000);
});

/** Each kind of boundary, in the order in which the change comes by. */
const points = [
  { when: 'before', kind: 'ssh', what: 'demo-cp-1\\S* start-k3s' },
  { when: 'after', kind: 'ssh', what: 'demo-cp-1\\S* start-k3s' },
  { when: 'before', kind: 'kube', what: 'PATCH nodes/demo-cp-1' },
  { when: 'after', kind: 'kube', what: 'PATCH nodes/demo-cp-2' },
  { when: 'before', kind: 'ssh', what: 'demo-cp-3\\S* check-server' },
] as const;

describe('`cluster apply` of other settings', () => {
  beforeEach(open);
  afterEach(() => cli.close());

  it('goes on where it was killed, whichever kind of boundary that was at', async () => {
    await create({ workers: 0 });
    file({ disable: ['metrics-server'], workers: 0 });
    for (const point of points) {
      const order = { SLIPWAY_TEST_BOUNDARY: JSON.stringify([{ ...point, act: 'kill' }]) };
      const killed = await apply(order);
      expect(killed.code, `${JSON.stringify(point)}\n${killed.err}`).toBe(137);
    }
    const again = await apply();
    expect(again, again.err).toMatchObject({ code: 0 });
    expect(await without()).toEqual({ 'cp-1': true, 'cp-2': true, 'cp-3': true });
    expect(await isDeployed()).toBe(false);
    expect(await plan()).toMatchObject({ code: 0 });
  }, 240_000);

  it('of the only server says that the API is away meanwhile, and comes before an upgrade', async () => {
    await create({ servers: 1, workers: 0, version: 'v1.36.4+k3s1' });
    file({ servers: 1, workers: 0, disable: ['metrics-server'] });
    const shown = await plan();
    expect(shown.out).toMatch(/~ cp-1 +write its configuration and start k3s with it; the API is away meanwhile/);
    expect(shown.out.indexOf('Change the settings')).toBeLessThan(shown.out.indexOf('Bring servers to v1.36.5+k3s1'));
    const applied = await apply();
    expect(applied, applied.err).toMatchObject({ code: 0 });
    expect(await without()).toEqual({ 'cp-1': true });
    expect(await plan()).toMatchObject({ code: 0 });
  }, 120_000);

  it('is refused for what cannot change in a cluster’s life, where a workspace was adopted with a file that differs', async () => {
    await create({ servers: 1, workers: 1 });
    expect(await slipway('cluster', 'kubeconfig', 'demo', '--merge')).toMatchObject({ code: 0 });
    rmSync(join(cli.home, 'ws/clusters/demo'), { recursive: true });
    file({ servers: 1, workers: 1, network: { encryption: 'none' } });
    const adopted = await slipway('cluster', 'adopt', 'demo', '-f', path, '--yes');
    expect(adopted, adopted.err).toMatchObject({ code: 0 });
    for (const refused of [await plan(), await apply()]) {
      expect(refused.code, refused.err).toBe(3);
      expect(refused.err).toContain('SETTINGS_FIXED');
      expect(refused.err).toContain(
        'asks for flannel-backend vxlan (network.encryption), and demo was made with flannel-backend wireguard-native',
      );
    }
    expect((await slipway('cluster', 'status', 'demo')).out).toContain('That cannot change in a cluster’s life.');
  }, 120_000);
});
