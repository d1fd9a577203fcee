import { describe, expect, it } from 'vitest';

import { Secret } from '../../../../src/domain/index.js';
import { changeNode, type NodeChange } from '../../../../src/distributions/k3s/upgrade/change-node.js';
import type { StepContext } from '../../../../src/engine/index.js';
import { IncompleteError } from '../../../../src/errors/index.js';
import type { NodePatch } from '../../../../src/kube/types.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { server } from '../planned.js';

const machine = { ...server(1), pool: 'web', role: 'worker' as const, name: 'rack-web-1' };
const late = new IncompleteError('rack-web-1 was not drained in 10 min', { code: 'DRAIN_TIMEOUT', hint: 'Look.' });

/** A worker on its way to a minor, whose drain ends in that way. */
function changing(drain: () => Promise<void>, maySetAside?: () => boolean) {
  const patches: NodePatch[] = [];
  const ran: string[] = [];
  const node = {
    name: machine.name,
    ready: true,
    version: 'v1.35.5+k3s1',
    schedulable: true,
    labels: {},
    annotations: {},
    taints: [],
  };
  const session = { run: async ({ name }: { name: string }) => (ran.push(name), {}) };
  const change = {
    context: {
      cluster: { name: 'rack' },
      spec: { kubernetes: {} },
      facts: {},
      tools: {
        clock: new FakeClock(),
        folder: {
          pins: async () => ['ssh-ed25519 A'],
          storedIdentity: async () => ({ privateKey: new Secret('key') }),
          record: async () => undefined,
        },
        remote: { connect: async () => session },
        provider: {},
      },
    },
    api: {
      kube: {
        nodes: async () => [node],
        drain,
        patchNode: async (_: string, patch: NodePatch) => void patches.push(patch),
      },
      watch: { until: async () => node },
    },
    machine,
    from: 'v1.35.5+k3s1',
    to: 'v1.36.5+k3s1',
    drained: true,
    maySetAside,
  } as unknown as NodeChange;
  const run = { signal: new AbortController().signal, progress: () => {} } as unknown as StepContext;
  return { done: changeNode(change, run), patches, ran };
}

describe('a worker that is not empty in time', () => {
  it('ends the upgrade where none may be set aside, and takes pods again', async () => {
    const { done, patches, ran } = changing(() => Promise.reject(late));
    await expect(done).rejects.toMatchObject({ code: 'DRAIN_TIMEOUT' });
    expect(patches.some(({ labels }) => labels !== undefined)).toBe(false);
    expect(ran).toEqual([]);
  });

  it('is set aside where it may be: labelled with its release, cordoned for good, and its binary left', async () => {
    const { done, patches, ran } = changing(
      () => Promise.reject(late),
      () => true,
    );
    await done;
    expect(patches.at(-1)).toMatchObject({
      labels: { 'slipway.dev/quarantined': 'v1.35.5-k3s1' },
      unschedulable: true,
      annotations: { 'slipway.dev/cordoned-for': null, 'slipway.dev/upgrading-from': null },
    });
    expect(ran).toEqual([]);
  });

  it('ends the upgrade once as many are aside as may be', async () => {
    const { done } = changing(
      () => Promise.reject(late),
      () => false,
    );
    await expect(done).rejects.toMatchObject({ code: 'DRAIN_TIMEOUT' });
  });

  it('is not set aside because the API does not answer', async () => {
    const silent = new IncompleteError('the API does not answer', { code: 'KUBE_UNREACHABLE', hint: 'Wait.' });
    const { done } = changing(
      () => Promise.reject(silent),
      () => true,
    );
    await expect(done).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
  });
});
