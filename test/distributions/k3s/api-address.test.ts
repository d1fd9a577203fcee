import { describe, expect, it } from 'vitest';

import { diffMachines, machineName, type Machine, type MachineLogin, Secret } from '../../../src/domain/index.js';
import { clusterSchema } from '../../../src/config/cluster-schema.js';
import type { ClusterFile, ClusterSpec } from '../../../src/domain/spec/schema.js';
import { runSteps, type Step } from '../../../src/engine/index.js';
import { IncompleteError } from '../../../src/errors/index.js';
import { holdVip, vipDescription } from '../../../src/distributions/k3s/host/index.js';
import type { NodeFacts } from '../../../src/kube/types.js';
import type { Tools } from '../../../src/phases/context.js';
import type { K3sFacts } from '../../../src/distributions/k3s/context.js';
import { rentedTraits } from '../../../src/provider/kit/rented.js';
import { TaskFailedError } from '../../../src/remote/index.js';
import type { HostFacts, HostTask, Session } from '../../../src/remote/types.js';
import { k3s } from '../../../src/distributions/k3s/index.js';
import { planCluster } from '../../../src/workflows/cluster/plan.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RecordingReporter } from '../../support/recording-reporter.js';

/** The saved kubeconfig of a cluster with as many addresses. */
const savedKubeconfig = (addresses: number): Secret =>
  new Secret(
    JSON.stringify({ clusters: Array.from({ length: addresses }, () => ({ cluster: { server: 'https://x:6443' } })) }),
  );

const address = '10.0.0.5';
const cluster = { name: 'rack', id: 'c0ffee' };
const defaults = { controlPlaneType: 'any', workerType: 'any', location: 'any', image: 'none' };

function specOf(
  servers: 1 | 3,
  api: NonNullable<NonNullable<ClusterFile['kubernetes']>['api']> = { address },
): ClusterSpec {
  return clusterSchema.parse({
    name: cluster.name,
    provider: { name: 'x' },
    kubernetes: { api },
    controlPlane: { count: servers },
  } satisfies ClusterFile);
}

/** The server in a slot, with the address 10.0.0.1<slot><generation>. */
function server(slot: number, change: Partial<Machine> = {}): Machine {
  const generation = change.generation ?? 1;
  const place = { pool: 'cp', role: 'control-plane', slot, generation } as const;
  const own = `10.0.0.1${slot}${generation}`;
  return {
    ...place,
    id: `m${slot}-${generation}`,
    name: machineName(cluster, place),
    type: 'any',
    location: 'any',
    status: 'running',
    publicAddress: own,
    privateAddress: own,
    labels: {},
    createdAt: '',
    ...change,
  };
}

const login: MachineLogin = {
  address: '10.0.0.111',
  port: 22,
  user: 'root',
  identity: new Secret('key'),
  hostKeys: ['ssh-ed25519 A'],
};

const turnOf = (machine: Machine, all: readonly Machine[], vipProvider: 'keepalived' | 'kube-vip' = 'keepalived') => ({
  vipProvider,
  address,
  ownAddress: machine.privateAddress!,
  peers: all.filter((other) => other !== machine).map((other) => other.privateAddress!),
  slot: machine.slot,
  clusterId: cluster.id,
});

interface Found {
  readonly spec: ClusterSpec;
  readonly machines: readonly Machine[];
  /** Names of machines whose node is Ready; default: all. */
  readonly ready?: readonly Machine[];
  /** Those that are in etcd, but have no vote. */
  readonly learners?: readonly Machine[];
  /** Those whose hosts have no data of etcd; default: none. */
  readonly newcomers?: readonly Machine[];
  /** What hosts say; default: that they hold the address with all of `machines`. */
  readonly holds?: ReadonlyMap<string, string | undefined>;
  readonly run?: (task: HostTask) => HostFacts;
  /** What waiting for a node ends with, where that is not the node. */
  readonly never?: (name: string) => Error | undefined;
}

const kubeconfig = `clusters: [{cluster: {certificate-authority-data: YQ==}}]
users: [{user: {client-certificate-data: YQ==, client-key-data: YQ==}}]
`;
/** What hosts answer to the tasks that are asked for facts. */
const answers: Readonly<Record<string, HostFacts>> = {
  'first-login': {
    os: 'debian',
    os_version: '12',
    arch: 'amd64',
    cores: '2',
    memory_mib: '4096',
    disk_free_mib: '9000',
    boot_id: 'b',
    hostname: 'h',
    cgroup: 'v2',
    private_interface: 'eth0',
  },
  'server-info': {
    server_token: 'K10aa::server:s',
    agent_token: 'K10aa::node:a',
    kubeconfig: Buffer.from(kubeconfig).toString('base64'),
  },
};

function plan({
  spec,
  machines,
  ready = machines,
  learners = [],
  newcomers = [],
  holds,
  run = () => ({}),
  never,
}: Found): {
  readonly steps: readonly Step[];
  readonly ran: HostTask[];
} {
  const ran: HostTask[] = [];
  const comparison = diffMachines(cluster, spec, defaults, machines);
  const node = (name: string): NodeFacts => ({
    name,
    ready: true,
    version: spec.kubernetes.version,
    schedulable: true,
    controlPlane: true,
    conditions: { EtcdIsVoter: !learners.some((each) => each.name === name) },
    address: undefined,
    providerId: undefined,
    labels: { 'slipway.dev/pool': 'cp' },
    annotations: {},
    taints: [],
    createdAt: '',
  });
  const nodes = new Map(ready.map(({ name }): [string, NodeFacts] => [name, node(name)]));
  const said = holds ?? new Map(machines.map((each) => [each.name, vipDescription(turnOf(each, machines))]));
  const until = (name: string): Promise<NodeFacts | undefined> => {
    const error = never?.(name);
    return error ? Promise.reject(error) : Promise.resolve(nodes.get(name));
  };
  const watch = { current: () => nodes, until, close: () => {} };
  const names = machines.length + 1;
  const facts: K3sFacts = {
    machines,
    comparison,
    outdated: [],
    unfit: [],
    madeBy: { config: { 'control-plane': 'c', worker: 'w' }, template: 't' },
    serverVersions: [],
    newcomerVersion: 'v1.36.5+k3s1',
    disabledParts: [],
    previews: new Map(),
    resources: [],
    nodes: nodes.size > 0 ? nodes : undefined,
    api: nodes.size > 0 ? ({ watch } as unknown as NonNullable<K3sFacts['api']>) : undefined,
    hosts: new Map(
      [...said].map(([name, vip]) => [
        name,
        { unit: 'server' as const, active: true, etcdData: !newcomers.some((each) => each.name === name), vip },
      ]),
    ),
    kubeconfig: nodes.size > 0 ? savedKubeconfig(names) : undefined,
  };
  const session = { run: (task: HostTask) => Promise.resolve((ran.push(task), run(task))) } as unknown as Session;
  const tools = {
    provider: {
      traits: rentedTraits,
      infrastructure: { neededBy: () => [] },
      kubernetesIntegration: {
        externalCloudProvider: false,
        serviceLoadBalancer: 'nodes',
        storageClass: undefined,
        providerId: () => undefined,
      },
    },
    folder: {
      pins: async () => ['ssh-ed25519 A'],
      storedIdentity: async () => ({ privateKey: new Secret('key') }),
      record: async () => undefined,
      hostKeySwapped: async () => true,
      saveKubeconfig: async () => {},
    },
    remote: { connect: async () => session },
  } as unknown as Tools;
  const observation = { facts, request: { cluster }, distribution: k3s } as unknown as Parameters<
    typeof planCluster
  >[2];
  const { steps } = planCluster(cluster, spec, observation, tools, () => Promise.reject(new Error('not here')));
  return { ran, steps };
}

const engine = () => ({
  reporter: new RecordingReporter(),
  clock: new FakeClock(),
  signal: new AbortController().signal,
  limits: {},
});

const ids = (steps: readonly Step[] = []): readonly string[] => steps.map(({ id }) => id);
/** The id of what is done to the server in a slot. */
const idOf = (what: string, slot: number, generation = 1): string => `${what}:${server(slot, { generation }).name}`;
const webJoins = `join:${machineName(cluster, { pool: 'web', role: 'worker', slot: 1, generation: 1 })}`;
const turns = (steps: readonly Step[]): readonly Step[] => steps.filter(({ id }) => id.startsWith('address:'));
const step = (steps: readonly Step[], id: string): Step => {
  const found = steps.find((each) => each.id === id);
  if (!found) throw new Error(`no step ${id} among ${steps.map((each) => each.id).join(' ')}`);
  return found;
};
/** Everything that has ended when a step begins. */
function before(steps: readonly Step[], id: string): Set<string> {
  const all = new Set<string>();
  const visit = ({ needs, after = [] }: Step): void => {
    for (const earlier of [...needs, ...after]) {
      if (all.has(earlier.id)) continue;
      all.add(earlier.id);
      visit(earlier);
    }
  };
  visit(step(steps, id));
  return all;
}
const three = [server(1), server(2), server(3)] as const;

describe('a new cluster with an address for its API', () => {
  const { steps } = plan({ spec: specOf(3), machines: [] });

  it('has its first server hold it before anybody learns how to join', () => {
    expect(before(steps, 'tokens')).toContain(idOf('address', 1));
    expect(before(steps, idOf('join', 2))).toContain(idOf('address', 1));
    expect(before(steps, idOf('address', 1))).toContain(idOf('init', 1));
  });

  it('has every server take its turn once it votes, knowing all others that could be made', () => {
    expect(before(steps, idOf('address', 2))).toContain(idOf('join', 2));
    expect(ids(step(steps, idOf('address', 1)).after)).toEqual([
      idOf('create', 1),
      idOf('create', 2),
      idOf('create', 3),
    ]);
  });

  it('is planned without an address where none is reserved', () => {
    expect(turns(plan({ spec: specOf(3, {}), machines: [] }).steps)).toEqual([]);
  });
});

describe('a cluster whose servers hold the address', () => {
  it('has nothing to do', () => {
    expect(plan({ spec: specOf(3), machines: three }).steps).toEqual([]);
  });

  it('tells those that run of a new server before that takes its turn', () => {
    const fresh = server(2, { generation: 2, status: 'running' });
    const machines = [three[0], fresh, three[2]];
    const holds = new Map([three[0], three[2]].map((each) => [each.name, vipDescription(turnOf(each, three))]));
    const { steps } = plan({ spec: specOf(3), machines, ready: [three[0], three[2]], holds });
    const joining = idOf('join', 2, 2);
    for (const id of [idOf('address', 1), idOf('address', 3), joining])
      expect(before(steps, idOf('address', 2, 2))).toContain(id);
    expect(before(steps, idOf('address', 1))).not.toContain(joining);
    expect(step(steps, idOf('address', 1))).toMatchObject({
      target: 'cp-1',
      text: `learn which servers hold ${address} with keepalived`,
      limits: ['join'],
    });
  });

  it('tells one that leaves, too, for as long as it is there', () => {
    const leaving = server(2, { markedForRemoval: true });
    const { steps } = plan({ spec: specOf(3), machines: [three[0], leaving, three[2]] });
    expect(before(steps, idOf('address', 2, 2))).toContain(idOf('address', 2));
    expect(before(steps, `remove:${leaving.name}`)).toContain(idOf('address', 2, 2));
  });

  it('forgets servers once they are gone', () => {
    const { steps } = plan({ spec: specOf(1), machines: three });
    expect(turns(steps).map(({ id }) => id)).toEqual([idOf('address', 1)]);
    const gone = before(steps, idOf('address', 1));
    for (const { name } of three.slice(1)) expect(gone).toContain(`remove:${name}`);
  });

  it('lets workers join in the very run that takes servers away', async () => {
    const spec = { ...specOf(1), pools: clusterSchema.shape.pools.parse([{ name: 'web', count: 1 }]) };
    const { steps } = plan({ spec, machines: three });
    // Told to stop before it begins: the engine only looks whether the plan holds together.
    expect((await runSteps(steps, { ...engine(), signal: AbortSignal.abort() })).failures).toEqual([]);
    expect(before(steps, `remove:${three[1].name}`)).not.toContain(webJoins);
    expect(before(steps, webJoins)).not.toContain(idOf('address', 1));
  });

  it('takes a first turn at the address before workers join by it, whichever servers leave', () => {
    const spec = { ...specOf(1), pools: clusterSchema.shape.pools.parse([{ name: 'web', count: 1 }]) };
    const holds = new Map(three.map(({ name }) => [name, undefined]));
    const { steps } = plan({ spec, machines: three, holds });
    expect(before(steps, webJoins)).toContain(idOf('address', 1));
  });

  it('has a server whose keepalived was stopped start it again, and no other', () => {
    const holds = new Map(
      three.map((each) => [each.name, each === three[1] ? undefined : vipDescription(turnOf(each, three))]),
    );
    expect(plan({ spec: specOf(3), machines: three, holds }).steps.map(({ id, text }) => `${id}: ${text}`)).toEqual([
      `${idOf('address', 2)}: take its turn at holding ${address} with keepalived`,
    ]);
  });

  it('changes to kube-vip where the file says so', () => {
    const { steps } = plan({ spec: specOf(3, { address, vipProvider: 'kube-vip' }), machines: three });
    expect(turns(steps)).toHaveLength(3);
    for (const { text } of turns(steps)) expect(text).toBe(`hand ${address} over from keepalived to kube-vip`);
  });

  it('hands over one server after the other, and only the last one holds the others to be heard', async () => {
    const found = new Map(three.map((each) => [each.name, vipDescription(turnOf(each, three, 'kube-vip'))]));
    const { steps, ran } = plan({ spec: specOf(3), machines: three, holds: found });
    expect(turns(steps).map(({ needs }) => ids(needs))).toEqual([[], [idOf('address', 1)], [idOf('address', 2)]]);
    expect((await runSteps(steps, engine())).failures).toEqual([]);
    expect(ran.map(({ params }) => params['HANDOVER'])).toEqual([true, true, false]);
  });

  it('goes on with a handover where it was cut short', () => {
    const found = new Map(
      three.map((each, index) => [
        each.name,
        vipDescription(turnOf(each, three, index === 0 ? 'keepalived' : 'kube-vip')),
      ]),
    );
    const { steps } = plan({ spec: specOf(3), machines: three, holds: found });
    expect(turns(steps).map(({ id, needs }) => [id, ids(needs)])).toEqual([
      [idOf('address', 2), []],
      [idOf('address', 3), [idOf('address', 2)]],
    ]);
  });

  it('leaves a server alone that cannot be asked, as long as nobody joins', () => {
    const holds = new Map(three.slice(1).map((each) => [each.name, vipDescription(turnOf(each, three))]));
    expect(plan({ spec: specOf(3), machines: three, holds }).steps).toEqual([]);
    const joining = plan({ spec: specOf(3), machines: three, ready: three.slice(0, 2), holds }).steps;
    expect(turns(joining).map(({ id }) => id)).toContain(idOf('address', 1));
  });
});

describe('an address that a running cluster gets later', () => {
  /** As the host task: no turn before the certificate names the address. */
  const host = () => {
    let named = false;
    return (task: HostTask): HostFacts => {
      if (task.name === 'start-k3s') named = (task.params['CONFIG'] as Secret).reveal().includes(address);
      if (task.name.startsWith('hold-') && !named) {
        throw new TaskFailedError('rack', task.name, 'NOT_IN_CERTIFICATE', 'not in it', { code: 'TASK_FAILED' });
      }
      return answers[task.name] ?? {};
    };
  };

  it('is named by its server’s certificate first: started anew, one at a time, joining at the address', async () => {
    const only = server(1);
    const { steps, ran } = plan({
      spec: specOf(1),
      machines: [only],
      holds: new Map([[only.name, undefined]]),
      run: host(),
    });
    const [first] = turns(steps);
    expect(first).toMatchObject({ id: idOf('address', 1), limits: ['join'], needs: [] });
    const result = await runSteps([{ ...first!, after: [] }], engine());
    expect(result.failures).toEqual([]);
    expect(ran.map(({ name }) => name)).toEqual([
      'hold-with-keepalived',
      'first-login',
      'server-info',
      'start-k3s',
      'hold-with-keepalived',
    ]);
    const config = (ran[3]!.params['CONFIG'] as Secret).reveal();
    expect(config).toContain(`server: "https://${address}:6443"`);
    expect(config).toContain('token: "K10aa::server:s"');
    expect(config).not.toContain('cluster-init');
    expect(ran[4]).toEqual(holdVip(turnOf(only, [only])));
  });

  it.each([
    ['of its owner is not asked', login, false],
    ['of a cloud is asked', undefined, true],
  ])('is started anew where cloud-init %s how its start went', async (_whose, way, asked) => {
    const only = server(1, { login: way });
    const { steps, ran } = plan({
      spec: specOf(1),
      machines: [only],
      holds: new Map([[only.name, undefined]]),
      run: host(),
    });
    const result = await runSteps([{ ...turns(steps)[0]!, after: [] }], engine());
    expect(result.failures).toEqual([]);
    expect(ran.find(({ name }) => name === 'first-login')!.params).toMatchObject({ CLOUD_INIT: asked });
  });
});

describe('a server that does not vote', () => {
  it('is not done, however Ready its node looks: running again joins it', () => {
    const { steps } = plan({ spec: specOf(3), machines: three, learners: [three[2]] });
    expect(steps.map(({ id }) => id)).toEqual(
      expect.arrayContaining([idOf('install', 3), idOf('join', 3), idOf('address', 3)]),
    );
    expect(steps.some(({ id }) => id.endsWith(three[0].name) || id.endsWith(three[1].name))).toBe(false);
  });

  it('is named with what to look at, and the next one is not started behind it in a run that takes another one away', async () => {
    const leaving = server(2, { markedForRemoval: true });
    const fresh = server(2, { generation: 2 });
    const { steps, ran } = plan({
      spec: specOf(3),
      machines: [three[0], leaving, fresh, three[2]],
      ready: [three[0], leaving],
      run: ({ name }) => answers[name] ?? {},
      never: (name) =>
        name === fresh.name
          ? new IncompleteError(`${name} did not come to vote`, { code: 'NODE_TIMEOUT', hint: 'journalctl -u k3s' })
          : undefined,
    });
    expect(step(steps, idOf('join', 3)).limits).toEqual(['join']);
    const result = await runSteps(steps, engine());
    expect(result.failures.map(({ step: { id }, error }) => [id, error.code])).toEqual([
      [`join:${fresh.name}`, 'NODE_TIMEOUT'],
      [idOf('join', 3), 'LEARNER_PENDING'],
    ]);
    expect(result.failures[1]!.error.hint).toContain(fresh.name);
    expect(ran.filter(({ name }) => name === 'start-k3s')).toHaveLength(1);
    expect(result.done.map(({ id }) => id)).toContain(idOf('install', 3));
  });

  it.each([
    ['after', 2, 3],
    ['before', 3, 2],
  ])('is named by a server that waited for its place in vain and ended %s it', async (_when, stuck, waiting) => {
    const { steps } = plan({
      spec: specOf(3),
      machines: three,
      ready: [three[0]],
      newcomers: [three[1], three[2]],
      run: ({ name, params }) => {
        if (name !== 'start-k3s') return answers[name] ?? {};
        const isStuck = (params['CONFIG'] as Secret).reveal().includes(three[stuck - 1]!.name);
        const machine = three[(isStuck ? stuck : waiting) - 1]!;
        const code = isStuck ? 'SERVER_UNREACHABLE' : 'LEARNER_PENDING';
        throw new TaskFailedError(machine.name, name, code, `${machine.name}: ${code}`, { code: 'TASK_FAILED' });
      },
    });
    const result = await runSteps(steps, engine());
    const failed = new Map(result.failures.map(({ step: { id }, error }) => [id, error]));
    expect(failed.get(idOf('join', stuck))).toMatchObject({ code: 'TASK_FAILED' });
    expect(failed.get(idOf('join', waiting))).toMatchObject({
      code: 'LEARNER_PENDING',
      hint: expect.stringContaining(three[stuck - 1]!.name) as string,
      cause: expect.objectContaining({ taskCode: 'LEARNER_PENDING' }) as unknown,
    });
  });
});

describe('servers that join', () => {
  it('are all started once the first one’s API answers: etcd takes one at a time, and k3s waits for its place', () => {
    const { steps } = plan({ spec: specOf(3, {}), machines: [] });
    for (const [id, other] of [
      [idOf('join', 2), idOf('join', 3)],
      [idOf('join', 3), idOf('join', 2)],
    ] as const) {
      expect(step(steps, id).limits).toEqual([]);
      expect(before(steps, id)).toContain(idOf('init', 1));
      for (const later of [other, idOf('ready', 1)]) expect(before(steps, id)).not.toContain(later);
    }
  });

  const growing = { machines: three, ready: [three[0]], newcomers: [three[1], three[2]] };
  const limitsOf = (found: Omit<Found, 'spec'>) => {
    const { steps } = plan({ spec: specOf(3), ...found });
    return [idOf('join', 2), idOf('join', 3)].map((id) => step(steps, id).limits);
  };

  it('are started at once where they join a server that runs, too', () => {
    expect(limitsOf(growing)).toEqual([[], []]);
  });

  it.each([
    ['starts one again that has etcd’s data', { ...growing, newcomers: [three[2]] }],
    ['takes a server away', { ...growing, machines: [...three, server(4)] }],
    ['starts one anew that votes', { ...growing, holds: new Map(three.map(({ name }) => [name, undefined])) }],
  ])('join one after another in a run that %s', (_what, found) => {
    expect(limitsOf(found)).toEqual([['join'], ['join']]);
  });
});
