import { expect, it } from 'vitest';

import type { DrainPod, DrainView } from '../../../src/domain/index.js';
import type { ClusterFacts } from '../../../src/phases/context.js';
import { k3s } from '../../../src/distributions/k3s/index.js';
import { leavingView, removalProblems } from '../../../src/workflows/cluster/removal-check.js';

const signal = new AbortController().signal;
const pod = (node: string, controller?: string): DrainPod => ({
  namespace: 'default',
  name: `on-${node}`,
  node,
  labels: {},
  controller,
  phase: 'Running',
  ready: true,
  ending: false,
  mirror: false,
  claims: ['data'],
});

interface World {
  /** Servers that stay and that go, `v` where they vote. */
  readonly servers?: Readonly<Record<string, 'v' | '-'>>;
  readonly going: readonly string[];
  readonly view?: Partial<DrainView>;
}

async function codes({ servers = { s1: 'v' }, going, view = {} }: World): Promise<readonly string[]> {
  const isServer = (name: string) => name in servers;
  const machine = (name: string) => ({ name, role: isServer(name) ? 'control-plane' : 'worker', status: 'running' });
  const names = [...new Set([...Object.keys(servers), ...going])];
  const stay = names.filter((name) => !going.includes(name)).map(machine);
  const node = (name: string) => ({
    name,
    controlPlane: isServer(name),
    ready: servers[name] !== '-',
    conditions: isServer(name) ? { EtcdIsVoter: true } : {},
    labels: {},
    annotations: {},
  });
  const nothing: DrainView = { pods: [], volumeOf: new Map(), localVolumes: new Set(), budgets: [] };
  const facts = {
    comparison: {
      desired: stay.filter(({ name }) => servers[name] === 'v'),
      current: stay,
      missing: [],
      excess: going.map(machine),
    },
    nodes: new Map(names.map((name) => [name, node(name)])),
    api: { kube: { drainView: () => Promise.resolve({ ...nothing, ...view }) } },
  } as unknown as ClusterFacts;
  return removalProblems('demo', facts, k3s, await leavingView(facts, signal)).map(
    ({ code, details = [] }) => `${code} ${details.length}`,
  );
}

it.each<[string, World, readonly string[]]>([
  ['nothing, where nothing goes', { going: [], view: { pods: [pod('w1')] } }, []],
  ['nothing, where all can move', { going: ['w1'], view: { pods: [pod('w1', 'ReplicaSet')] } }, []],
  [
    'a kind once, with every node',
    { going: ['w1', 'w2'], view: { pods: [pod('w1'), pod('w2')] } },
    ['UNMANAGED_PODS 2'],
  ],
  [
    'every kind at once',
    {
      going: ['w1'],
      view: {
        pods: [pod('w1')],
        volumeOf: new Map([['default/data', 'pv']]),
        localVolumes: new Set(['pv']),
        budgets: [
          {
            namespace: 'default',
            name: 'all',
            selector: {},
            counted: { desired: 1, expected: 1 },
            unreadyMayGo: false,
          },
        ],
      },
    },
    ['UNMANAGED_PODS 1', 'LOCAL_DATA 1', 'BUDGET_NEVER_ALLOWS 1'],
  ],
  ['no loss of quorum, from three servers to one', { servers: { s1: 'v', s2: 'v', s3: 'v' }, going: ['s3', 's2'] }, []],
  [
    'no loss of quorum, where the run begins with the server that is down',
    { servers: { s1: 'v', s2: 'v', s3: '-' }, going: ['s2', 's3'] },
    [],
  ],
  [
    'the loss of quorum that only the second would cause',
    { servers: { s1: '-', s2: 'v', s3: 'v' }, going: ['s3', 's2'] },
    ['QUORUM 0'],
  ],
])('before machines are removed it is known: %s', async (_what, world, expected) => {
  expect(await codes(world)).toEqual(expected);
});
