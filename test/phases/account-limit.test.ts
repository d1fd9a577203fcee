import { describe, expect, it } from 'vitest';

import type { Machine } from '../../src/domain/index.js';
import type { StepContext } from '../../src/engine/index.js';
import { IncompleteError } from '../../src/errors/index.js';
import type { DrainOptions, NodeFacts } from '../../src/kube/types.js';
import { AccountLimit } from '../../src/phases/account-limit.js';
import { neverRan } from '../../src/distributions/k3s/bootstrap-server.js';
import { k3sRules } from '../../src/distributions/k3s/rules.js';
import type { K3sContext } from '../../src/distributions/k3s/context.js';
import type { LostNodes } from '../../src/phases/lost-nodes.js';
import { rentedTraits } from '../../src/provider/kit/rented.js';
import { noStandbys } from '../support/no-standbys.js';

const run = { signal: new AbortController().signal, progress: () => {} } as unknown as StepContext;
const machine = (name: string): Machine =>
  ({ name, role: name.startsWith('cp') ? 'control-plane' : 'worker' }) as unknown as Machine;

interface World {
  /** How many machines the account allows. */
  readonly places: number;
  readonly current: readonly string[];
  readonly excess: readonly string[];
  readonly missing: readonly string[];
  readonly api?: boolean;
  /** Servers whose host has the cluster's data, as far as hosts were looked at. */
  readonly etcdData?: Readonly<Record<string, boolean>>;
  /** Nodes that pods do not leave in time. */
  readonly held?: readonly string[];
}

/** Creates what is missing, all at once; what exists afterwards. */
async function createAll(world: World): Promise<{ exists: string[]; failed: unknown[] }> {
  const { places, current, excess, missing, api = true, etcdData = {}, held = [] } = world;
  const exists = new Set([...current, ...excess]);
  const nodes = new Map(
    [...exists].map((name) => [
      name,
      {
        name,
        controlPlane: name.startsWith('cp'),
        ready: true,
        conditions: { EtcdIsVoter: true },
        annotations: {},
      } as unknown as NodeFacts,
    ]),
  );
  const kube = {
    nodes: () => Promise.resolve([...nodes.values()]),
    drain: async (name: string, { uncordonAtDeadline }: DrainOptions) => {
      if (!held.includes(name)) return;
      expect(uncordonAtDeadline).toBe(true);
      const details = ['shop/web-1: held by PodDisruptionBudget web'];
      throw new IncompleteError(`${name} is not empty`, { code: 'DRAIN_TIMEOUT', details });
    },
    patchNode: () => Promise.resolve(),
    deleteNode: (name: string) => Promise.resolve(void nodes.delete(name)),
    get: () => Promise.resolve(undefined),
  };
  const context = {
    cluster: { name: 'demo', id: 'abcdef' },
    spec: { provider: {} },
    facts: {
      machines: [...current, ...excess].map(machine),
      comparison: {
        desired: [...current, ...missing].map(machine),
        current: current.map(machine),
        missing: missing.map(machine),
        excess: excess.map(machine),
        standbys: noStandbys,
      },
      ...(api ? { api: { kube, watch: { until: () => Promise.resolve(undefined) } }, nodes, kubeconfig: {} } : {}),
      hosts: new Map(Object.entries(etcdData).map(([name, data]) => [name, { etcdData: data }])),
    },
    tools: {
      clock: { sleep: (_: number, signal: AbortSignal) => new Promise<void>((go) => (signal.onabort = () => go())) },
      remote: { connect: () => Promise.resolve({ run: () => Promise.resolve() }), disconnect: () => Promise.resolve() },
      provider: {
        traits: rentedTraits,
        machines: { delete: ({ name }: Machine) => Promise.resolve(void exists.delete(name)) },
      },
      folder: { forgetMachine: () => Promise.resolve() },
    },
    rules: k3sRules,
  } as unknown as K3sContext;
  const lostNodes = { servers: [], machines: new Map() } as unknown as LostNodes;
  const limit = new AccountLimit(context, lostNodes, neverRan(context.facts));
  const create = (name: string) => (): Promise<void> => {
    if (exists.size >= places) return Promise.reject(new IncompleteError('no more', { code: 'RESOURCE_LIMIT' }));
    exists.add(name);
    return Promise.resolve();
  };
  const ended = await Promise.allSettled(missing.map((name) => limit.guard(create(name), run)));
  const failed = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  return { exists: [...exists].sort(), failed };
}

describe('a create that meets the account’s limit', () => {
  it('takes the place of an excess worker, and of as many as it needs only', async () => {
    const world = { places: 4, current: ['cp-1'], excess: ['web-3', 'web-2', 'web-1'], missing: ['new-1', 'new-2'] };
    expect(await createAll(world)).toEqual({ exists: ['cp-1', 'new-1', 'new-2', 'web-1'], failed: [] });
  });

  it('takes the place of the next excess worker where pods do not leave the first one', async () => {
    const world = { places: 3, current: ['cp-1'], excess: ['web-2', 'web-1'], missing: ['new-1'], held: ['web-2'] };
    expect(await createAll(world)).toEqual({ exists: ['cp-1', 'new-1', 'web-2'], failed: [] });
  });

  it('ends, naming what holds the pods and the way on, where no excess machine can be emptied', async () => {
    const world = { places: 2, current: ['cp-1'], excess: ['web-1'], missing: ['new-1', 'new-2'], held: ['web-1'] };
    const { exists, failed } = await createAll(world);
    expect(exists).toEqual(['cp-1', 'web-1']);
    expect(failed).toHaveLength(2);
    expect(failed).toContainEqual(
      expect.objectContaining({
        code: 'DRAIN_TIMEOUT',
        message: 'The account’s limit is reached, and web-1 could not be emptied to make room.',
        hint: expect.stringMatching(
          /a higher limit.*a looser PodDisruptionBudget.*run the same command again/s,
        ) as string,
        details: ['shop/web-1: held by PodDisruptionBudget web'],
      }),
    );
  });

  it('takes the place of an excess server once no worker is left, where no other server is on its way', async () => {
    const world = { places: 4, current: ['cp-1', 'cp-2', 'cp-3'], excess: ['cp-4'], missing: ['web-1'] };
    expect((await createAll(world)).exists).toEqual(['cp-1', 'cp-2', 'cp-3', 'web-1']);
    const joining = { places: 3, current: ['cp-1', 'cp-2'], excess: ['cp-4'], missing: ['cp-3'] };
    expect(await createAll(joining)).toMatchObject({
      exists: ['cp-1', 'cp-2', 'cp-4'],
      failed: [{ code: 'RESOURCE_LIMIT' }],
    });
  });

  it('takes the place of a worker of a cluster that never ran, and of none whose servers may have run', async () => {
    const world = { places: 2, current: ['cp-1'], excess: ['web-1'], missing: ['cp-2'], api: false };
    expect((await createAll({ ...world, etcdData: { 'cp-1': false } })).exists).toEqual(['cp-1', 'cp-2']);
    expect((await createAll({ ...world, etcdData: { 'cp-1': true } })).failed).toHaveLength(1);
    expect((await createAll(world)).failed).toHaveLength(1);
  });
});
