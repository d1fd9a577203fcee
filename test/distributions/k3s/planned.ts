import { diffMachines, machineName, type Machine, type MachineLogin, Secret } from '../../../src/domain/index.js';
import { clusterSchema } from '../../../src/config/cluster-schema.js';
import type { ClusterFile, ClusterSpec } from '../../../src/domain/spec/schema.js';
import { type Step } from '../../../src/engine/index.js';
import { vipDescription } from '../../../src/distributions/k3s/host/index.js';
import type { NodeFacts } from '../../../src/kube/types.js';
import type { Tools } from '../../../src/phases/context.js';
import type { K3sFacts } from '../../../src/distributions/k3s/context.js';
import { findingsOf } from '../../../src/distributions/k3s/findings.js';
import { rentedTraits } from '../../../src/provider/kit/rented.js';
import type { ClusterRequest } from '../../../src/provider/port.js';
import type { HostFacts, HostTask, Session } from '../../../src/remote/types.js';
import { planCluster } from '../../../src/workflows/cluster/plan.js';
import { FakeClock } from '../../support/fake-clock.js';
import { RecordingReporter } from '../../support/recording-reporter.js';

/** The saved kubeconfig of a cluster with as many addresses. */
const savedKubeconfig = (addresses: number): Secret =>
  new Secret(
    JSON.stringify({ clusters: Array.from({ length: addresses }, () => ({ cluster: { server: 'https://x:6443' } })) }),
  );

export const address = '10.0.0.5';
const cluster = { name: 'rack', id: 'c0ffee' };
const defaults = { controlPlaneType: 'any', workerType: 'any', location: 'any', image: 'none' };

export function specOf(
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
export function server(slot: number, change: Partial<Machine> = {}): Machine {
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

export const login: MachineLogin = {
  address: '10.0.0.111',
  port: 22,
  user: 'root',
  identity: new Secret('key'),
  hostKeys: ['ssh-ed25519 A'],
};

export const turnOf = (
  machine: Machine,
  all: readonly Machine[],
  vipProvider: 'keepalived' | 'kube-vip' = 'keepalived',
) => ({
  vipProvider,
  address,
  ownAddress: machine.privateAddress!,
  peers: all.filter((other) => other !== machine).map((other) => other.privateAddress!),
  slot: machine.slot,
  clusterId: cluster.id,
});

export interface Found {
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
export const answers: Readonly<Record<string, HostFacts>> = {
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

export function plan({
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
  const request = { cluster } as unknown as ClusterRequest;
  const found = findingsOf(tools, { cluster, spec, userData: '' }, { request, facts });
  const { steps } = planCluster(found, { userData: () => Promise.reject(new Error('not here')) });
  return { ran, steps };
}

export const engine = () => ({
  reporter: new RecordingReporter(),
  clock: new FakeClock(),
  signal: new AbortController().signal,
  limits: {},
});

export const ids = (steps: readonly Step[] = []): readonly string[] => steps.map(({ id }) => id);
/** The id of what is done to the server in a slot. */
export const idOf = (what: string, slot: number, generation = 1): string =>
  `${what}:${server(slot, { generation }).name}`;
export const webJoins = `join:${machineName(cluster, { pool: 'web', role: 'worker', slot: 1, generation: 1 })}`;
export const turns = (steps: readonly Step[]): readonly Step[] => steps.filter(({ id }) => id.startsWith('address:'));
export const step = (steps: readonly Step[], id: string): Step => {
  const found = steps.find((each) => each.id === id);
  if (!found) throw new Error(`no step ${id} among ${steps.map((each) => each.id).join(' ')}`);
  return found;
};
/** Everything that has ended when a step begins. */
export function before(steps: readonly Step[], id: string): Set<string> {
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
export const three = [server(1), server(2), server(3)] as const;
