import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { openBoundary } from '../../src/domain/boundary.js';
import { systemClock } from '../../src/domain/clock.js';
import { Secret } from '../../src/domain/secret.js';
import { openKube } from '../../src/kube/index.js';
import type { Kube, KubeObject } from '../../src/kube/types.js';
import { Cli } from '../support/cli.js';

const cli = new Cli();
const signal = new AbortController().signal;
const fast = 0.01;
let kube: Kube;
/** Nothing can be asked of the cluster any more. */
let isLost = false;

interface Server {
  readonly id: number;
  readonly name: string;
  readonly status: string;
}
interface Verdict {
  readonly name: string;
  readonly does: string;
  readonly because: string;
}
interface Answer {
  readonly verdicts?: readonly Verdict[];
  readonly steps?: readonly { readonly id: string }[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string; details: string[] };
}

const heal = async (...args: string[]) => {
  const { code, out, err } = await cli.run(['cluster', 'heal', 'demo', '--yes', '--json', ...args]);
  return { code, err, ...(JSON.parse(out) as Answer) };
};
const servers = (): Promise<readonly Server[]> => cli.cloud<Server>('servers');
const nameOf = async (place: string): Promise<string> =>
  (await servers()).find(({ name }) => name.startsWith(`demo-${place}-`))!.name;
const ids = async (): Promise<readonly number[]> => (await servers()).map(({ id }) => id).sort();
const act = async (what: string, name: string): Promise<void> =>
  void (await (await cli.sandbox()).call('POST', 'machines', { act: what, name: `^${name}$` }));

/** Somebody at the cloud's console. */
async function atCloud(method: 'POST' | 'DELETE', place: string, path = ''): Promise<string> {
  const { endpoint, info } = await cli.sandbox();
  const { id, name } = (await servers()).find((one) => one.name.startsWith(`demo-${place}-`))!;
  const answer = await fetch(`${endpoint}/servers/${id}${path}`, {
    method,
    headers: { Authorization: `Bearer ${info.cloudToken}` },
  });
  expect([200, 201]).toContain(answer.status);
  return name;
}
const powerOff = async (place: string): Promise<string> => {
  const name = await atCloud('POST', place, '/actions/poweroff');
  await expect.poll(() => isReady(name)).toBe(false);
  await expect.poll(async () => (await servers()).find((one) => one.name === name)?.status).toBe('off');
  return name;
};
const deleteServer = async (place: string): Promise<string> => {
  const name = await atCloud('DELETE', place);
  await expect.poll(async () => (await servers()).some((one) => one.name === name)).toBe(false);
  return name;
};

const node = async (name: string) => (await kube.nodes({ signal })).find((one) => one.name === name);
const isReady = async (name: string): Promise<boolean> => (await node(name))?.ready ?? false;
const get = (kind: string, name: string): Promise<KubeObject | undefined> =>
  kube.get({ apiVersion: 'v1', kind, metadata: { name, namespace: 'default' } }, { signal });
const pod = async () => {
  const found = await get('Pod', 'data-0');
  return {
    node: (found?.['spec'] as { nodeName?: string } | undefined)?.nodeName,
    phase: (found?.['status'] as { phase?: string } | undefined)?.phase,
    uid: found?.metadata['uid'],
  };
};

/** When a node's kubelet was last heard of. */
const heardAt = async (name: string): Promise<unknown> => {
  const metadata = { name, namespace: 'kube-node-lease' };
  const lease = await kube.get({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata }, { signal });
  return (lease?.['spec'] as { renewTime?: string } | undefined)?.renewTime;
};

/** Everything is as it was asked for, and the pod with the volume runs. */
async function expectWell(): Promise<void> {
  await expect.poll(async () => (await pod()).phase, { timeout: 30_000 }).toBe('Running');
  expect(await isReady((await pod()).node!)).toBe(true);
  const status = JSON.parse((await cli.run(['cluster', 'status', 'demo', '--json'])).out) as {
    readonly problems: readonly string[];
    readonly etcd: { readonly members: number; readonly voters: number };
    readonly orphanedNodes: readonly string[];
  };
  expect(status).toMatchObject({ problems: [], orphanedNodes: [], etcd: { members: 3, voters: 3 } });
  expect(await servers()).toHaveLength(6);
  expect(await cli.run(['cluster', 'plan', 'demo', '--detailed-exitcode'])).toMatchObject({ code: 0 });
}

/** By way of the servers that there are now. */
const openNow = (): Promise<Kube> => {
  const kubeconfig = new Secret(readFileSync(join(cli.home, 'ws/clusters/demo/kubeconfig'), 'utf8'));
  return openKube({ kubeconfig, boundary: openBoundary, clock: systemClock });
};

beforeAll(async () => {
  writeFileSync(
    join(cli.home, 'demo.yaml'),
    `name: demo
provider: {name: sandbox}
controlPlane: {count: 3}
pools: [{name: workers, count: 3}]
components: {preset: none, hcloud-csi: true}
`,
  );
  const created = await cli.run(['cluster', 'create', '-f', 'demo.yaml', '--yes']);
  expect(created, created.err).toMatchObject({ code: 0 });
  kube = await openNow();
  await kube.apply(
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default' },
      spec: {
        storageClassName: 'hcloud-volumes',
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '10Gi' } },
      },
    },
    { signal },
  );
  await kube.apply(
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'data', namespace: 'default' },
      spec: {
        serviceName: 'data',
        replicas: 1,
        selector: { matchLabels: { app: 'data' } },
        template: {
          metadata: { labels: { app: 'data' } },
          spec: {
            containers: [{ name: 'main', image: 'nginx' }],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
          },
        },
      },
    },
    { signal },
  );
}, 240_000);
beforeEach(async () => {
  kube.close();
  kube = await openNow();
});
afterEach(async () => {
  await cli.order({ clear: true });
  await cli.setTimeScale(fast);
  if (isLost) return;
  // As if an hour had passed: a place is not given a new machine over and over again.
  await kube.delete(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'slipway-heal', namespace: 'kube-system' } },
    { signal },
  );
});
afterAll(async () => {
  kube.close();
  await cli.close();
});

describe('`cluster heal`', () => {
  it('does nothing, and says so, where all machines are well', async () => {
    await expect.poll(async () => (await pod()).phase, { timeout: 30_000 }).toBe('Running');
    const before = await ids();
    const { code, out } = await cli.run(['cluster', 'heal', 'demo']);
    expect([code, out.trim()]).toEqual([0, 'All machines of demo are well.']);
    expect(await ids()).toEqual(before);
  });

  it('replaces a worker that lost its power, and its pod has its volume again elsewhere', async () => {
    const place = (await pod()).node!.split('-').slice(1, 3).join('-');
    const lost = await powerOff(place);
    const shown = await cli.run(['cluster', 'heal', 'demo', '--dry-run']);
    expect(shown.code).toBe(0);
    expect(shown.out).toContain(`${lost}  replace: its machine is off`);
    expect(shown.out).toMatch(/it is dead: remove it from Kubernetes and from the provider/);
    const asked = await cli.run(['cluster', 'heal', 'demo', '--json']);
    expect(asked).toMatchObject({ code: 2 });
    expect(asked.out).toContain('CONFIRMATION_NEEDED');
    expect((await pod()).node).toBe(lost);

    const { code, err, verdicts } = await heal();
    expect(code, err).toBe(0);
    expect(verdicts).toMatchObject([{ name: lost, does: 'replace', because: 'its machine is off' }]);
    expect((await servers()).some(({ name }) => name === lost)).toBe(false);
    await expectWell();
  }, 240_000);

  it('frees the volume of a node that the cloud’s controller deleted first', async () => {
    const { node: lost = '' } = await pod();
    await deleteServer(lost.split('-').slice(1, 3).join('-'));
    await expect.poll(() => node(lost)).toBeUndefined();
    const { code, err } = await heal();
    expect(code, err).toBe(0);
    await expectWell();
  }, 240_000);

  it('replaces a server that was deleted, and its member of etcd', async () => {
    const lost = await deleteServer('cp-2');
    const { code, err, verdicts } = await heal();
    expect(code, err).toBe(0);
    expect(verdicts).toMatchObject([{ name: lost, does: 'replace' }]);
    await expectWell();
  }, 240_000);

  it('reboots a worker that hangs, and leaves it as it is where that helps', async () => {
    const hanging = await nameOf('workers-2');
    const before = await ids();
    await act('hang', hanging);
    await expect.poll(() => isReady(hanging)).toBe(false);
    const { code, err, verdicts, steps } = await heal('--reboot-after', '0s');
    expect(code, err).toBe(0);
    expect(verdicts).toMatchObject([{ name: hanging, does: 'reboot' }]);
    expect(steps).toMatchObject([{ id: `reboot:${hanging}` }]);
    expect(await ids()).toEqual(before);
    await expectWell();
  }, 240_000);

  it('replaces a fresh machine that never boots, instead of waiting for it to join for ever', async () => {
    await deleteServer('workers-3');
    await cli.order({ neverBoot: ['-workers-3-'] });
    const untilItIsWaitedFor = async (): Promise<void> => {
      const running = cli.start(['cluster', 'heal', 'demo', '--yes', '--progress', 'plain']);
      let said = '';
      running.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await expect.poll(() => said, { timeout: 60_000 }).toMatch(/workers-3.*wait for the first login/);
      running.kill('SIGKILL');
      await running;
    };
    // It is made, then it is to join, twice.
    for (let turn = 0; turn < 3; turn += 1) await untilItIsWaitedFor();
    const dead = await nameOf('workers-3');
    await cli.order({ clear: true });
    const { code, err, verdicts } = await heal('--replace-after', '0s');
    expect(code, err).toBe(0);
    expect(verdicts).toMatchObject([
      { name: dead, does: 'replace', because: expect.stringMatching(/to join 2 times/) as string },
    ]);
    expect((await servers()).map(({ name }) => name)).not.toContain(dead);
    await expectWell();
  }, 240_000);

  it('reboots a worker that hangs, and cuts its power and replaces it where that does not help', async () => {
    const hanging = await nameOf('workers-1');
    await act('cutOff', hanging);
    await expect.poll(() => isReady(hanging)).toBe(false);
    const waits = await heal();
    expect(waits, waits.err).toMatchObject({ code: 0, verdicts: [{ name: hanging, does: 'wait' }], steps: [] });

    const rebooted = await heal('--reboot-after', '0s', '--replace-after', '1s');
    expect(rebooted).toMatchObject({ code: 4, error: { code: 'NODE_TIMEOUT' } });
    expect((await servers()).map(({ name }) => name)).toContain(hanging);

    const replaced = await heal('--reboot-after', '0s', '--replace-after', '1s');
    expect(replaced.code, replaced.err).toBe(0);
    expect(replaced.verdicts).toMatchObject([{ name: hanging, does: 'replace' }]);
    await expectWell();
  }, 240_000);
});

describe('`cluster heal` changes nothing', () => {
  it('where more workers are down than may be, until it is told that they may', async () => {
    await deleteServer('workers-1');
    await deleteServer('workers-2');
    const before = await ids();
    const refused = await heal();
    expect(refused).toMatchObject({ code: 3, error: { code: 'HEAL_REFUSED' } });
    expect(refused.error!.details.join(' ')).toMatch(/2 of 3 workers are down, and no more than 1 may be/);
    expect(await ids()).toEqual(before);
    const healed = await heal('--max-workers-down', '2');
    expect(healed.code, healed.err).toBe(0);
    await expectWell();
  }, 240_000);

  it('while the provider only says that it limits requests', async () => {
    const lost = await deleteServer('workers-3');
    const before = await ids();
    const error = { status: 429, code: 'rate_limit_exceeded', message: 'limit of 3600 requests per hour reached' };
    await cli.order({ cloud: [{ match: { path: '^/servers' }, times: 1000, effect: { error } }] });
    const refused = await heal();
    expect(refused).toMatchObject({ code: 3, error: { code: 'HEAL_REFUSED' } });
    expect(refused.error!.message).toContain('rate_limit_exceeded');
    await cli.order({ clear: true });
    expect(await ids()).toEqual(before);
    const healed = await heal();
    expect(healed.verdicts).toMatchObject([{ name: lost, does: 'replace' }]);
    await expectWell();
  }, 240_000);

  it('where only this side is cut off, whatever is out of reach', async () => {
    const before = await ids();
    await act('cutOff', '.*');
    const refused = await heal();
    expect(refused).toMatchObject({ code: 3, error: { code: 'HEAL_REFUSED' } });
    expect(refused.error!.message).toContain('The line from here may be cut');
    expect(await ids()).toEqual(before);
    await act('reconnect', '.*');
    await expect.poll(async () => (await kube.nodes({ signal })).every(({ ready }) => ready)).toBe(true);
    await expectWell();
  }, 240_000);
});

describe('`cluster heal` that was killed goes on', () => {
  it.each<[string, 'workers-1' | 'cp-3', object]>([
    [
      'before it is remembered what is done',
      'workers-1',
      { when: 'before', kind: 'kube', what: 'slipway-heal', act: 'kill' },
    ],
    [
      'after it was remembered what is done',
      'workers-1',
      { when: 'after', kind: 'kube', what: 'slipway-heal', act: 'kill' },
    ],
    ['before its node is marked', 'workers-1', { when: 'before', kind: 'kube', what: 'PATCH nodes/', act: 'kill' }],
    ['after its node was marked', 'workers-1', { when: 'after', kind: 'kube', what: 'PATCH nodes/', act: 'kill' }],
    [
      'in the midst of deleting its pods',
      'workers-1',
      { when: 'after', kind: 'kube', what: 'DELETE pods/', act: 'kill' },
    ],
    [
      'before its machine is deleted',
      'workers-1',
      { when: 'before', kind: 'provider', what: 'DELETE /servers/', act: 'kill' },
    ],
    [
      'after its machine was deleted',
      'cp-3',
      { when: 'after', kind: 'provider', what: 'DELETE /servers/', act: 'kill' },
    ],
    ['before its node is deleted', 'cp-3', { when: 'before', kind: 'kube', what: 'DELETE nodes/', act: 'kill' }],
    [
      'after a fresh machine was asked for',
      'cp-3',
      { when: 'after', kind: 'provider', what: 'POST /servers$', act: 'kill' },
    ],
    [
      'in the midst of a task on the fresh machine',
      'workers-1',
      { when: 'after', kind: 'ssh', what: 'install-k3s', act: 'kill' },
    ],
    [
      'after a write into the workspace',
      'workers-1',
      { when: 'after', kind: 'workspace', what: 'workers-1-', act: 'kill' },
    ],
  ])(
    '%s (%s)',
    async (_, place, order) => {
      await powerOff(place);
      const killed = await cli.run(['cluster', 'heal', 'demo', '--yes'], {
        SLIPWAY_TEST_BOUNDARY: JSON.stringify([order]),
      });
      expect(killed.code, killed.err).toBe(137);
      const again = await heal();
      expect(again.code, again.err).toBe(0);
      await expectWell();
    },
    240_000,
  );
});

// Last of those that end well: what was begun so slowly takes its time.
describe('`cluster heal` that is quicker than the cluster itself', () => {
  it('marks a node whose server was deleted in time, so that its volume does not wait for six minutes', async () => {
    const { node: lost = '', uid } = await pod();
    // As slow as a real cloud: nobody notices yet that the node is silent.
    await cli.setTimeScale(1);
    const before = await heardAt(lost);
    await expect.poll(() => heardAt(lost)).not.toBe(before);
    await deleteServer(lost.split('-').slice(1, 3).join('-'));
    await cli.setTimeScale(fast);
    expect(await isReady(lost)).toBe(true);
    const { code, err, verdicts } = await heal();
    expect(code, err).toBe(0);
    expect(verdicts).toMatchObject([{ name: lost, does: 'replace', because: 'its machine is gone' }]);
    expect((await pod()).uid).not.toBe(uid);
    await expectWell();
  }, 240_000);
});

describe('`cluster heal` of a cluster without its majority', () => {
  it('makes and deletes nothing, and leads to a restore', async () => {
    isLost = true;
    await deleteServer('cp-1');
    await deleteServer('cp-2');
    const before = await ids();
    const refused = await heal();
    expect(refused, refused.err).toMatchObject({ code: 3, error: { code: 'HEAL_REFUSED' } });
    expect(refused.error!.message).toMatch(/1 of 3 servers is left, fewer than the 2 that etcd needs/);
    expect(refused.error!.hint).toContain('slipway cluster restore demo');
    expect(await ids()).toEqual(before);
  }, 240_000);
});
