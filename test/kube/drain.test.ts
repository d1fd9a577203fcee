import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { InterruptedError, SlipwayError } from '../../src/errors/index.js';
import type { Kube, KubeObject } from '../../src/kube/types.js';
import { jumpingClock } from '../support/jumping-clock.js';
import { readyNode, SandboxKube } from '../support/sandbox-kube.js';

let cluster: SandboxKube;
let kube: Kube;
const options = { signal: new AbortController().signal, deadlineMs: 15_000 };

beforeEach(async () => {
  cluster = await SandboxKube.start();
  kube = await cluster.client();
  cluster.put(readyNode('web-1'));
});
afterEach(() => cluster.close());

const deployment = (name: string, replicas: number, more: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: name }], ...more } },
  },
});
const pod = (name: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { nodeName: 'web-1', containers: [{ name, image: name }], ...more },
});
const podsOn = async (node: string): Promise<string[]> =>
  (await kube.list('v1', 'Pod', {}, options))
    .filter(({ spec }) => (spec as { nodeName?: string }).nodeName === node)
    .map(({ metadata }) => metadata.name);
const isCordoned = async (): Promise<boolean> => (await kube.nodes(options))[0]?.schedulable === false;
const failed = async (work: Promise<unknown>): Promise<SlipwayError> => {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (error instanceof SlipwayError) return error;
  throw new Error(`no SlipwayError: ${String(error)}`);
};

describe('a node that is drained', () => {
  it('is cordoned and left by all pods but those of DaemonSets', async () => {
    await kube.apply(deployment('web', 3), options);
    const { metadata, spec } = deployment('agent', 1);
    const { replicas: _, ...daemon } = spec as Record<string, unknown>;
    await kube.apply({ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: daemon }, options);
    await expect.poll(() => podsOn('web-1')).toHaveLength(4);
    await kube.drain('web-1', options);
    expect(await isCordoned()).toBe(true);
    expect(await podsOn('web-1')).toEqual([expect.stringMatching(/^agent-/)]);
  });

  it('keeps what a budget holds, and says which', async () => {
    await kube.apply(deployment('web', 1), options);
    await kube.apply(
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'keep-web', namespace: 'default' },
        spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
      },
      options,
    );
    await expect.poll(() => podsOn('web-1')).toHaveLength(1);
    const error = await failed(kube.drain('web-1', { ...options, deadlineMs: 300 }));
    expect(error.code).toBe('DRAIN_TIMEOUT');
    expect(error.details.join()).toMatch(/web-.*held by PodDisruptionBudget keep-web/);
    expect(await podsOn('web-1')).toHaveLength(1);
  });
});

describe('a drain that does not come to its end', () => {
  const budget: KubeObject = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'keep-web', namespace: 'default' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
  };
  const heldBack = async (): Promise<void> => {
    await kube.apply(deployment('web', 1), options);
    await kube.apply(budget, options);
    await expect.poll(() => podsOn('web-1')).toHaveLength(1);
  };
  const interruptedDrain = async (): Promise<unknown> => {
    const controller = new AbortController();
    const drain = kube.drain('web-1', {
      ...options,
      signal: controller.signal,
      progress: (text) =>
        text.includes('keep-web') && controller.abort(new InterruptedError('Ctrl-C', { code: 'INTERRUPTED' })),
    });
    return drain.catch((error: unknown) => error);
  };
  const mark = async (): Promise<string | undefined> =>
    (await kube.nodes(options))[0]?.annotations['slipway.dev/cordoned-for'];

  it('uncordons the node that it cordoned when it is interrupted', async () => {
    await heldBack();
    expect(await interruptedDrain()).toMatchObject({ message: 'Ctrl-C' });
    expect(await isCordoned()).toBe(false);
    expect(await mark()).toBeUndefined();
  });

  it('leaves a node cordoned that somebody else cordoned', async () => {
    await heldBack();
    await kube.patchNode('web-1', { unschedulable: true }, options);
    await interruptedDrain();
    expect(await isCordoned()).toBe(true);
    expect(await mark()).toBeUndefined();
  });

  it.each(['forward', 'back'] as const)(
    'is given up at its deadline and not before, also while the computer’s clock is set a day %s at each look',
    async (way) => {
      await heldBack();
      const looks: string[] = [];
      const jumpy = await cluster.client({ clock: jumpingClock(way) });
      const late = jumpy.drain('web-1', { ...options, deadlineMs: 300, progress: (text) => looks.push(text) });
      expect(await failed(late)).toMatchObject({ code: 'DRAIN_TIMEOUT' });
      expect(looks.join()).toContain('keep-web');
      const held = jumpy.drain('web-1', options);
      await kube.delete(budget, options);
      await held;
      expect(await podsOn('web-1')).toEqual([]);
    },
  );

  it('leaves a mark on the node at its deadline, and takes it for its own in the next run', async () => {
    await heldBack();
    await failed(kube.drain('web-1', { ...options, deadlineMs: 300 }));
    expect(await isCordoned()).toBe(true);
    expect(await mark()).toBeDefined();
    await interruptedDrain();
    expect(await isCordoned()).toBe(false);
  });
});

it('a drain gives the node back at its deadline where it is used further, and says so', async () => {
  await kube.apply(deployment('web', 1), options);
  const spec = { minAvailable: 1, selector: { matchLabels: { app: 'web' } } };
  const metadata = { name: 'keep-web', namespace: 'default' };
  await kube.apply({ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec }, options);
  await expect.poll(() => podsOn('web-1')).toHaveLength(1);
  const error = await failed(kube.drain('web-1', { ...options, deadlineMs: 300, uncordonAtDeadline: true }));
  expect(error).toMatchObject({ code: 'DRAIN_TIMEOUT', hint: expect.stringContaining('takes pods again') as string });
  expect(await isCordoned()).toBe(false);
});

describe('a node whose kubelet is silent', () => {
  /** Nobody ends pods there. */
  const silence = async (status: 'True' | 'Unknown'): Promise<void> => {
    await cluster.close();
    cluster = await SandboxKube.start(1, { podStopMs: 1e9 });
    kube = await cluster.client();
    cluster.put(readyNode('web-1'));
    await kube.apply(deployment('web', 2), options);
    await expect.poll(() => podsOn('web-1')).toHaveLength(2);
    cluster.api.store.change(cluster.api.store.resource('v1', 'Node'), '', 'web-1', (node) => {
      node.status = { conditions: [{ type: 'Ready', status }] };
    });
  };
  const endingOn = async (node: string): Promise<number> =>
    (await kube.list('v1', 'Pod', {}, options)).filter(
      ({ spec, metadata }) => (spec as { nodeName?: string }).nodeName === node && metadata['deletionTimestamp'],
    ).length;

  it('is cordoned and its pods evicted, but nobody waits for them to end', async () => {
    await silence('Unknown');
    await kube.drain('web-1', options);
    expect(await isCordoned()).toBe(true);
    expect(await endingOn('web-1')).toBe(2);
  });

  it('is not waited for either when its node has gone meanwhile', async () => {
    await silence('True');
    // Pods outlive their node for a while, until the garbage collector sees them.
    cluster.intercept = (request, response) => {
      if (request.method !== 'GET' || !request.url?.endsWith('/nodes/web-1')) return false;
      response.writeHead(404, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', code: 404, reason: 'NotFound' }));
      return true;
    };
    await kube.drain('web-1', options);
    expect(await endingOn('web-1')).toBe(2);
  });

  it('is waited for while it is Ready', async () => {
    await silence('True');
    const error = await failed(kube.drain('web-1', { ...options, deadlineMs: 300 }));
    expect(error.code).toBe('DRAIN_TIMEOUT');
    expect(error.details.join()).toContain('is ending');
  });

  it('keeps what a budget holds', async () => {
    await silence('Unknown');
    // A pod that is not Ready needs no budget's leave, so the budget is one that says no to all.
    cluster.intercept = (request, response) => {
      if (!request.url?.endsWith('/eviction')) return false;
      response.writeHead(429, { 'Content-Type': 'application/json' });
      const causes = [{ reason: 'DisruptionBudget', message: 'The disruption budget all needs 2 healthy pods' }];
      response.end(JSON.stringify({ kind: 'Status', code: 429, reason: 'TooManyRequests', details: { causes } }));
      return true;
    };
    const error = await failed(kube.drain('web-1', { ...options, deadlineMs: 300 }));
    expect(error.code).toBe('DRAIN_TIMEOUT');
    expect(error.details.join()).toContain('held by PodDisruptionBudget all');
  });

  it('is refused all the same when a pod would not come back elsewhere', async () => {
    await silence('Unknown');
    cluster.put(pod('alone'));
    expect(await failed(kube.drain('web-1', options))).toMatchObject({ code: 'UNMANAGED_PODS' });
    expect(await isCordoned()).toBe(false);
    expect(await endingOn('web-1')).toBe(0);
  });
});

describe('a drain is refused before anything is changed', () => {
  it('when a pod would not come back elsewhere', async () => {
    cluster.put(pod('alone'));
    expect(await failed(kube.drain('web-1', options))).toMatchObject({
      code: 'UNMANAGED_PODS',
      exitCode: 3,
      details: ['default/alone'],
    });
    expect(await isCordoned()).toBe(false);
    await kube.drain('web-1', { ...options, lose: new Set(['default/alone']) });
    expect(await podsOn('web-1')).toEqual([]);
  });

  it('when data lies on the node’s own disk', async () => {
    cluster.put({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'pv-1' },
      spec: { local: { path: '/data' }, capacity: { storage: '1Gi' } },
    });
    cluster.put({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default' },
      spec: { volumeName: 'pv-1', accessModes: ['ReadWriteOnce'] },
    });
    const claimed = pod('db', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] });
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'u', controller: true }];
    cluster.put({ ...claimed, metadata: { ...claimed.metadata, ownerReferences } });
    const error = await failed(kube.drain('web-1', { ...options, lose: new Set(['default/web']) }));
    expect(error).toMatchObject({ code: 'LOCAL_DATA', exitCode: 3 });
    expect(error.details).toEqual(['default/db: claim data on volume pv-1']);
    expect(await isCordoned()).toBe(false);
    await kube.drain('web-1', { ...options, lose: new Set(['default/db']) });
    expect(await podsOn('web-1')).toEqual([]);
  });
});
