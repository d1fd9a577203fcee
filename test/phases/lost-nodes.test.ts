import { describe, expect, it } from 'vitest';

import type { Comparison, Machine, DesiredMachine } from '../../src/domain/index.js';
import type { StepContext } from '../../src/engine/index.js';
import { IncompleteError, RefusedError } from '../../src/errors/index.js';
import type { NodeFacts, NodePatch } from '../../src/kube/types.js';
import type { PhaseContext } from '../../src/phases/context.js';
import { k3sRules } from '../../src/distributions/k3s/rules.js';
import { isDead, lostNodes, planLostNodes } from '../../src/phases/lost-nodes.js';
import { rentedTraits } from '../../src/provider/kit/rented.js';
import { noStandbys } from '../support/no-standbys.js';

const node = (name: string, change: Partial<NodeFacts> = {}): NodeFacts => ({
  name,
  ready: false,
  version: 'v1.36.5+k3s1',
  schedulable: true,
  controlPlane: false,
  conditions: {},
  address: undefined,
  providerId: undefined,
  labels: { 'slipway.dev/pool': 'web' },
  annotations: {},
  taints: [],
  createdAt: '',
  ...change,
});
const named = (name: string) => ({ name });
const comparison = (current: string[], excess: string[], missing: string[]): Comparison => ({
  desired: [],
  current: current.map((name) => named(name) as Machine),
  excess: excess.map((name) => named(name) as Machine),
  missing: missing.map((name) => named(name) as DesiredMachine),
  standbys: noStandbys,
});
const lost = (found: Comparison, ...nodes: NodeFacts[]) =>
  lostNodes({ comparison: found, nodes: new Map(nodes.map((each) => [each.name, each])) }).map(({ name }) => name);

describe('a node is lost', () => {
  it.each<[string, string[], Comparison, NodeFacts[]]>([
    ['when no machine has its name and it is not Ready', ['a'], comparison(['b'], [], []), [node('a'), node('b')]],
    [
      'even while it looks Ready, when its name is to be given again',
      ['a'],
      comparison([], [], ['a']),
      [node('a', { ready: true })],
    ],
    ['not while it is Ready otherwise: it may be somebody’s', [], comparison([], [], []), [node('a', { ready: true })]],
    ['not while its machine is there, desired or not', [], comparison(['a'], ['b'], []), [node('a'), node('b')]],
    ['not when no pool of ours claims it', [], comparison([], [], []), [node('a', { labels: {} })]],
  ])('%s', (_, expected, found, nodes) => {
    expect(lost(found, ...nodes)).toEqual(expected);
  });

  it('never when no API answered', () => {
    expect(lostNodes({ comparison: comparison([], [], ['a']), nodes: undefined })).toEqual([]);
  });
});

describe('a machine is dead', () => {
  it.each([
    ['off', node('a'), true],
    ['unknown', undefined, true],
    ['unknown', node('a', { ready: true }), false],
    ['running', node('a'), false],
    ['starting', undefined, false],
  ] as const)('%s with node %o: %s', (status, found, expected) => {
    expect(isDead({ status }, found)).toBe(expected);
  });
});

describe('a dead machine that is released', () => {
  interface World {
    readonly role?: Machine['role'];
    /** Nodes as the plan saw them, and as they are when the step runs. */
    readonly planned: readonly NodeFacts[];
    readonly live: readonly NodeFacts[];
    readonly connect: () => Promise<unknown>;
  }
  const answers = () => Promise.resolve({});
  const silent = () =>
    Promise.reject(new IncompleteError('a does not answer.', { code: 'SSH_UNREACHABLE', hint: 'Look at it.' }));

  /** Lets `a` go; what was done, in order. */
  async function letGo({
    role = 'worker',
    planned,
    live,
    connect,
  }: World): Promise<{ done: string[]; error: unknown }> {
    const done: string[] = [];
    const does = (what: string) => () => Promise.resolve(void done.push(what));
    const login = { address: '192.0.2.1', port: 22, user: 'root', hostKeys: [] };
    const machine = { name: 'a', role, status: 'unknown', login } as unknown as Machine;
    const context = {
      cluster: { name: 'demo', id: 'abcdef' },
      facts: {
        comparison: { ...comparison([], [], []), excess: [machine] },
        nodes: new Map(planned.map((each) => [each.name, each])),
        api: {
          kube: {
            nodes: () => Promise.resolve(live),
            patchNode: (_: string, { annotations }: NodePatch) =>
              Promise.resolve(void done.push(`annotate ${JSON.stringify(annotations)}`)),
            deleteNode: does('delete node'),
            get: () => Promise.resolve(undefined),
          },
          watch: { until: () => Promise.resolve(undefined) },
        },
      },
      tools: {
        remote: { connect },
        provider: { traits: rentedTraits, machines: { delete: does('wipe') } },
        folder: { forgetMachine: does('forget') },
      },
      rules: k3sRules,
    } as unknown as PhaseContext;
    const run = { signal: new AbortController().signal, progress: () => {} } as unknown as StepContext;
    const { steps } = planLostNodes(context);
    expect(steps.map(({ id }) => id)).toEqual(['remove:a']);
    const error: unknown = await steps[0]!.apply(run).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return { done, error };
  }

  it('goes, with its node, when it is as dead as it was', async () => {
    const { done, error } = await letGo({ planned: [node('a')], live: [node('a')], connect: silent });
    expect(error).toBeUndefined();
    expect(done).toEqual(['wipe', 'delete node', 'forget']);
  });

  it('takes the member along that it is now, not only the one that was taken out of etcd before', async () => {
    const [remove, removed] = ['etcd.k3s.cattle.io/remove', 'etcd.k3s.cattle.io/removed-node-name'];
    const servers = (annotations: Record<string, string>): NodeFacts[] => [
      node('a', { controlPlane: true, annotations }),
      node('b', { controlPlane: true, ready: true, conditions: { EtcdIsVoter: true } }),
    ];
    const go = async (annotations: Record<string, string>) => {
      const live = servers(annotations);
      const { done, error } = await letGo({ role: 'control-plane', planned: live, live, connect: silent });
      expect(error).toBeUndefined();
      return done;
    };
    const gone = { [remove]: 'true', [removed]: 'a-1' };
    expect(await go({ ...gone, 'etcd.k3s.cattle.io/node-name': 'a-2' })).toEqual([
      'wipe',
      `annotate ${JSON.stringify({ [remove]: null, [removed]: null })}`,
      'delete node',
      'forget',
    ]);
    expect(await go(gone)).toEqual(['wipe', 'delete node', 'forget']);
    expect(await go({})).toEqual(['wipe', 'delete node', 'forget']);
  });

  it('goes when another answers at its address: that is not the host it was', async () => {
    const stranger = () =>
      Promise.reject(new RefusedError('a shows another key.', { code: 'HOST_KEY_MISMATCH', hint: 'Look at it.' }));
    const { done, error } = await letGo({ planned: [], live: [], connect: stranger });
    expect(error).toBeUndefined();
    expect(done).toEqual(['wipe', 'forget']);
  });

  it.each([
    ['its node is Ready again', [node('a')], [node('a', { ready: true })], silent],
    ['it has become a Ready node since', [], [node('a', { ready: true })], silent],
    ['its host answers, though its node is not Ready yet', [node('a')], [node('a')], answers],
    ['its host answers, though it has no node', [], [], answers],
  ])('is kept, undrained as it is, when %s', async (_, planned, live, connect) => {
    const { done, error } = await letGo({ planned, live, connect });
    expect(error).toMatchObject({
      code: 'CAME_BACK',
      exitCode: 4,
      message: expect.stringContaining('a came back') as unknown,
      hint: expect.stringContaining('Run the same command again') as unknown,
    });
    expect(done).toEqual([]);
  });

  it('takes a node along that has come since the plan was made', async () => {
    const { done } = await letGo({ planned: [], live: [node('a')], connect: silent });
    expect(done).toEqual(['wipe', 'delete node', 'forget']);
  });
});
