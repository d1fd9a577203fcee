import { describe, expect, it } from 'vitest';

import type { Machine } from '../../src/domain/index.js';
import { known, type StepContext } from '../../src/engine/index.js';
import { IncompleteError, RefusedError } from '../../src/errors/index.js';
import type { NodeFacts } from '../../src/kube/types.js';
import type { ClusterApi, PhaseContext } from '../../src/phases/context.js';
import { k3sRules } from '../../src/phases/k3s-rules.js';
import { planRemoval } from '../../src/phases/removal.js';

const run = { signal: new AbortController().signal, progress: () => {} } as unknown as StepContext;
const node = (name: string, controlPlane = false): NodeFacts =>
  ({
    name,
    controlPlane,
    ready: true,
    conditions: controlPlane ? { EtcdIsVoter: true } : {},
    annotations: {},
  }) as unknown as NodeFacts;

interface World {
  readonly role?: Machine['role'];
  /** What the API answers when the step runs. */
  readonly live: () => Promise<readonly NodeFacts[]>;
  readonly drain?: () => Promise<void>;
}

/** Removes `gone-1`, planned while no API answered; what was done, in order. */
async function remove({ role = 'worker', live, drain }: World): Promise<{ done: string[]; error: unknown }> {
  const done: string[] = [];
  const does = (what: string) => () => Promise.resolve(void done.push(what));
  const machine = { name: 'gone-1', role, login: { address: '192.0.2.1', port: 22, user: 'root' } } as Machine;
  const api = {
    kube: {
      nodes: live,
      drain: async () => {
        await drain?.();
        done.push('drain');
      },
      patchNode: does('leave etcd'),
      deleteNode: does('delete node'),
      get: () => Promise.resolve(undefined),
    },
    watch: { until: () => Promise.resolve(undefined) },
  } as unknown as ClusterApi;
  const context = {
    cluster: { name: 'demo', id: 'abcdef' },
    spec: { provider: {} },
    facts: { nodes: undefined, api: undefined, comparison: { excess: [machine] } },
    tools: {
      clock: { sleep: (_: number, signal: AbortSignal) => new Promise<void>((go) => (signal.onabort = () => go())) },
      remote: { connect: () => Promise.resolve({ run: does('stop k3s') }), disconnect: () => Promise.resolve() },
      provider: { machines: { delete: does('wipe') } },
      folder: { forgetMachine: does('forget') },
    },
    rules: k3sRules,
  } as unknown as PhaseContext;
  const lostNodes = { steps: [], servers: [], names: new Map(), machines: new Map() };
  const early = { hasRemoved: () => false, mayLeaveFirst: () => false };
  const [step] = planRemoval(context, known(api), [], lostNodes, early).values();
  const error: unknown = await step!.apply(run).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { done, error };
}

describe('a machine that is removed by a plan made while no API answered', () => {
  it('is drained and its node taken out all the same, once the API answers', async () => {
    const { done, error } = await remove({ live: () => Promise.resolve([node('gone-1'), node('other')]) });
    expect(error).toBeUndefined();
    expect(done).toEqual(['drain', 'stop k3s', 'delete node', 'wipe', 'forget']);
  });

  it('leaves etcd first where it is a server', async () => {
    const servers = ['gone-1', 'cp-2', 'cp-3'].map((name) => node(name, true));
    const { done, error } = await remove({ role: 'control-plane', live: () => Promise.resolve(servers) });
    expect(error).toBeUndefined();
    expect(done).toEqual(['drain', 'leave etcd', 'stop k3s', 'delete node', 'wipe', 'forget']);
  });

  it('keeps its data when the drain is refused for it', async () => {
    const refused = new RefusedError('Its data is on its own disk only.', { code: 'LOCAL_DATA', hint: 'Move it.' });
    const { done, error } = await remove({
      live: () => Promise.resolve([node('gone-1')]),
      drain: () => Promise.reject(refused),
    });
    expect(error).toBe(refused);
    expect(done).toEqual([]);
  });

  it('is left as it is while the API does not say what runs on it', async () => {
    const silent = new IncompleteError('No server answers.', { code: 'KUBE_UNREACHABLE', hint: 'Wait.' });
    const { done, error } = await remove({ live: () => Promise.reject(silent) });
    expect(error).toBe(silent);
    expect(done).toEqual([]);
  });

  it('is just stopped and deleted where it never became a node', async () => {
    const { done, error } = await remove({ live: () => Promise.resolve([node('other')]) });
    expect(error).toBeUndefined();
    expect(done).toEqual(['stop k3s', 'wipe', 'forget']);
  });
});
