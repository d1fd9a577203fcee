import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Obj } from '../../../../providers/sandbox/kube-api/index.js';
import type { Machine } from '../../../../providers/sandbox/hosts/machine.js';
import { defaultProfile } from '../../../../providers/sandbox/profile.js';
import { World } from '../../../../providers/sandbox/world.js';
import { openBoundary } from '../../../../src/domain/boundary.js';
import { systemClock, systemRandom } from '../../../../src/domain/clock.js';
import { createRemote, generateKeyPair, type HostTask } from '../../../../src/remote/index.js';

const owner = generateKeyPair('owner');
const remote = createRemote({ clock: systemClock, random: systemRandom, boundary: openBoundary });
let writes = 0;
const world = new World({ ...defaultProfile, timeScale: 0.002 }, [], () => void (writes += 1));
const signal = AbortSignal.timeout(600_000);

const host = () => world.hosts.list().find(({ name }) => name === 'rack-a')!;
const machine = (): Machine => world.hosts.all().find(({ spec }) => spec.name === 'rack-a')!;
const objects = (apiVersion: string, kind: string): readonly Obj[] => {
  const { store } = world.k3s.clusters()[0]!.kubernetes;
  return store.peek(store.resource(apiVersion, kind));
};
const lease = () => objects('coordination.k8s.io/v1', 'Lease').find(({ metadata }) => metadata.name === 'rack-a');
const renewed = (): number => Date.parse(lease()?.spec?.['renewTime'] as string);
const isReady = () =>
  (objects('v1', 'Node')[0]?.status?.['conditions'] as { type: string; status: string }[]).find(
    ({ type }) => type === 'Ready',
  )?.status;

beforeAll(async () => {
  await world.hosts.order({ hosts: [{ name: 'rack-a' }], authorizedKey: owner.publicKey });
  const { name, address, port, user, hostKey } = host();
  const pins = async (): Promise<string[]> => [hostKey];
  const session = await remote.connect({ name, address, port, user, identity: owner.privateKey, pins }, 3_000, {
    signal,
  });
  const run = (task: string, params: HostTask['params']) =>
    session.run({ name: task, params, deadlineMs: 60_000 }, { signal });
  const CONFIG = `cluster-init: true\ntoken: t0\nnode-ip: ${address}\n`;
  await run('prepare-host', { BLOCK_METADATA: true });
  await run('install-k3s', { VERSION: 'v1.36.5+k3s1', BASE_URL: 'https://get.example' });
  await run('start-k3s', { ROLE: 'server', CONFIG, UNIT: '[Service]', WAIT_SECONDS: 120 });
});
afterAll(async () => {
  await remote.close();
  for (const { id } of world.hosts.all()) world.machines.delete(id);
});

describe('the Lease of a node', () => {
  it('is held by the node, belongs to it, and is renewed while its kubelet lives', async () => {
    await expect.poll(lease, { timeout: 10_000 }).toMatchObject({
      metadata: {
        namespace: 'kube-node-lease',
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Node', name: 'rack-a', uid: objects('v1', 'Node')[0]?.metadata.uid },
        ],
      },
      spec: { holderIdentity: 'rack-a', leaseDurationSeconds: 40 },
    });
    expect(lease()?.spec?.['renewTime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    const before = renewed();
    await expect.poll(renewed).toBeGreaterThan(before);
  });

  it('is renewed without anything being written to the disk for that', async () => {
    const writesInThreeRenewals = async (): Promise<number> => {
      const before = writes;
      for (let n = 0; n < 3; n += 1) {
        const last = renewed();
        await expect.poll(renewed, { interval: 2 }).toBeGreaterThan(last);
      }
      return writes - before;
    };
    await expect.poll(writesInThreeRenewals).toBe(0);
  });

  it('is not renewed while the machine is off, and again once it is back', async () => {
    machine().powerOff();
    const before = renewed();
    // The controller waits for as long as four renewals take.
    await expect.poll(isReady).toBe('Unknown');
    expect(renewed()).toBe(before);
    machine().powerOn();
    await expect.poll(renewed, { timeout: 10_000 }).toBeGreaterThan(before);
  });

  it('comes again when it is deleted, and goes with the node', async () => {
    const { store } = world.k3s.clusters()[0]!.kubernetes;
    const uid = lease()!.metadata.uid;
    store.delete(store.resource('coordination.k8s.io/v1', 'Lease'), 'kube-node-lease', 'rack-a');
    await expect.poll(() => lease()?.metadata.uid ?? uid).not.toBe(uid);
    machine().powerOff();
    store.delete(store.resource('v1', 'Node'), '', 'rack-a');
    expect(lease()).toBeUndefined();
  });
});
