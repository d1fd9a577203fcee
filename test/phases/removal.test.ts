import { describe, expect, it } from 'vitest';

import { type Machine, slotLabel } from '../../src/domain/index.js';
import { known, type Step, type StepContext } from '../../src/engine/index.js';
import { IncompleteError, RefusedError } from '../../src/errors/index.js';
import type { NodeFacts } from '../../src/kube/types.js';
import type { ClusterApi, PhaseContext } from '../../src/phases/context.js';
import { k3sRules } from '../../src/distributions/k3s/rules.js';
import { planRemoval } from '../../src/phases/removal.js';
import { rentedTraits } from '../../src/provider/kit/rented.js';

const run = { signal: new AbortController().signal, progress: () => {} } as unknown as StepContext;
const node = (name: string, controlPlane = false): NodeFacts =>
  ({
    name,
    controlPlane,
    ready: true,
    conditions: controlPlane ? { EtcdIsVoter: true } : {},
    labels: {},
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
    facts: { nodes: undefined, api: undefined, comparison: { desired: [], current: [], excess: [machine] } },
    tools: {
      clock: { sleep: (_: number, signal: AbortSignal) => new Promise<void>((go) => (signal.onabort = () => go())) },
      remote: { connect: () => Promise.resolve({ run: does('stop k3s') }), disconnect: () => Promise.resolve() },
      provider: { traits: rentedTraits, machines: { delete: does('wipe') } },
      folder: { forgetMachine: does('forget') },
    },
    rules: k3sRules,
  } as unknown as PhaseContext;
  const lostNodes = { steps: [], servers: [], names: new Map(), machines: new Map() };
  const early = { hasRemoved: () => false, mayLeaveFirst: () => false };
  const [step] = planRemoval(context, known(api), new Map(), lostNodes, early).steps;
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

describe('what the removal of machines waits for', () => {
  /** `web-2`, or `web-2'` for the next machine in its slot; pool `cp` is the servers. */
  const machine = (name: string): Machine => {
    const [pool = '', slot] = name.replace(/'$/, '').split('-');
    const role = pool === 'cp' ? 'control-plane' : 'worker';
    return { name, pool, role, slot: Number(slot), generation: name.endsWith("'") ? 2 : 1 } as unknown as Machine;
  };
  /** Each step's id with those of the steps that it needs; a gate also with those it waits for. */
  const plan = (current: string, missing: string, excess: string): Readonly<Record<string, readonly string[]>> => {
    const all = (text: string): Machine[] => (text === '' ? [] : text.split(' ').map(machine));
    const nodes = [...all(current), ...all(excess)].map(
      ({ name, role }) => [name, node(name, role !== 'worker')] as const,
    );
    const comparison = {
      desired: [...all(current), ...all(missing)],
      current: all(current),
      missing: all(missing),
      excess: all(excess),
    };
    const context = {
      cluster: { name: 'demo', id: 'abcdef' },
      spec: { provider: {} },
      facts: { nodes: new Map(nodes), comparison },
      tools: { provider: { traits: rentedTraits } },
      rules: k3sRules,
    } as unknown as PhaseContext;
    const joined = new Map(
      all(missing).map((machine) => [slotLabel(machine), [{ id: `join:${machine.name}` } as Step]]),
    );
    const lostNodes = { machines: new Map() } as unknown as Parameters<typeof planRemoval>[3];
    const early = { hasRemoved: () => false, mayLeaveFirst: () => false };
    const { steps } = planRemoval(context, known({} as ClusterApi), joined, lostNodes, early);
    return Object.fromEntries(
      steps.map(({ id, needs, after = [] }) => [id, [...needs, ...after].map((step) => step.id)]),
    );
  };

  it('is its own slot’s successor, and no other that is to come', () => {
    expect(plan('web-3', "web-1' web-2' web-4", 'web-1 web-2')).toEqual({
      'remove:web-1': ["join:web-1'"],
      'remove:web-2': ["join:web-2'"],
    });
  });

  it('is nothing where its successor is up, and where a pool just gets smaller', () => {
    expect(plan("web-1'", '', 'web-1 web-2')).toEqual({ 'remove:web-1': [], 'remove:web-2': [] });
    expect(plan('web-1', 'db-1', '')).toEqual({});
  });

  it('is a newcomer each where one pool takes the place of another', () => {
    expect(plan('', 'new-1 new-2', 'old-2 old-1')).toEqual({
      'remove:old-2': ['join:new-1'],
      'remove:old-1': ['join:new-2'],
    });
  });

  it('is the server before it, and a look at those that stay', () => {
    expect(plan('cp-1', '', 'cp-3 cp-2')).toEqual({
      'cordon:cp-2': [],
      'remove:cp-3': [],
      'gate:servers:1': ['remove:cp-3'],
      'remove:cp-2': ['gate:servers:1', 'cordon:cp-2'],
    });
  });

  it('is three workers at a time, while those of later waves take no more pods', () => {
    expect(plan('web-1', '', 'web-5 web-4 web-3 web-2')).toEqual({
      'cordon:web-2': [],
      'remove:web-5': [],
      'remove:web-4': [],
      'remove:web-3': [],
      'gate:workers:1': ['remove:web-5', 'remove:web-4', 'remove:web-3'],
      'remove:web-2': ['gate:workers:1', 'cordon:web-2'],
    });
  });
});
