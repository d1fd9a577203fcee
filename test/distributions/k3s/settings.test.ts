import { describe, expect, it } from 'vitest';

import { disabledComponents, fixedDifference } from '../../../src/distributions/k3s/host/index.js';
import { planSettings } from '../../../src/distributions/k3s/settings/plan.js';
import { diffMachines, machineName, type Machine } from '../../../src/domain/index.js';
import { clusterSchema } from '../../../src/config/cluster-schema.js';
import type { Step } from '../../../src/engine/index.js';
import type { NodeFacts } from '../../../src/kube/types.js';
import type { ClusterApi, PhaseContext } from '../../../src/phases/context.js';
import { before, server } from './planned.js';

const cluster = { name: 'rack', id: 'c0ffee' };
const defaults = { controlPlaneType: 'any', workerType: 'any', location: 'any', image: 'none' };
const worker = (slot: number): Machine => {
  const place = { pool: 'web', role: 'worker', slot, generation: 1 } as const;
  return { ...server(slot), ...place, name: machineName(cluster, place) };
};
const [cp1, cp2, cp3, cp4] = [server(1), server(2), server(3), server(4)];
const workers = [worker(1), worker(2), worker(3)];

function plan(
  machines: readonly Machine[],
  {
    down = [],
    holder,
    only = machines,
  }: { down?: readonly Machine[]; holder?: Machine; only?: readonly Machine[] } = {},
): readonly Step[] {
  const spec = clusterSchema.parse({ name: cluster.name, provider: { name: 'x' }, pools: [{ name: 'web', count: 3 }] });
  const nodes = new Map(
    machines.map((machine): [string, NodeFacts] => {
      const controlPlane = machine.role === 'control-plane';
      const ready = !down.includes(machine);
      const node = { name: machine.name, ready, controlPlane, conditions: { EtcdIsVoter: true }, annotations: {} };
      return [machine.name, node as unknown as NodeFacts];
    }),
  );
  const integration = { externalCloudProvider: false, serviceLoadBalancer: 'nodes', storageClass: undefined };
  const facts = { machines, nodes, outdated: [], comparison: diffMachines(cluster, spec, defaults, machines) };
  const context = {
    cluster,
    spec,
    facts,
    request: { cluster },
    tools: { provider: { kubernetesIntegration: integration } },
  } as unknown as PhaseContext;
  return planSettings(context, {} as ClusterApi, {
    machines: new Set(only.map(({ name }) => name)),
    maxUnavailable: 2,
    addressHolder: holder?.name,
  });
}
const idOf = ({ name }: Machine): string => `settings:${name}`;
const changes = (steps: readonly Step[]): readonly string[] =>
  steps.flatMap(({ id }) => (id.startsWith('settings:rack') ? [id] : []));

describe('a change of settings', () => {
  it('brings servers to them one at a time, the one that holds the API’s address last, behind a gate each', () => {
    const steps = plan([cp1, cp2, cp3], { holder: cp1 });
    expect(changes(steps)).toEqual([cp2, cp3, cp1].map(idOf));
    expect([...before(steps, idOf(cp3))].filter((id) => id.startsWith('settings:'))).toEqual([idOf(cp2)]);
    expect(before(steps, idOf(cp1)).has(idOf(cp3))).toBe(true);
    expect(before(steps, idOf(cp1)).has('gate:servers:settings:2')).toBe(true);
    expect(steps.filter(({ kind }) => kind === 'gate')).toHaveLength(2);
  });

  it('brings a first worker to them after all servers, then the others in waves', () => {
    const steps = plan([cp1, cp2, cp3, ...workers]);
    const [first, second, third] = workers.map(idOf);
    for (const one of [cp1, cp2, cp3]) expect(before(steps, first!).has(idOf(one))).toBe(true);
    expect(before(steps, second!).has(first!)).toBe(true);
    expect(before(steps, third!).has(first!)).toBe(true);
    expect(before(steps, third!).has(second!)).toBe(false);
  });

  it('touches those alone that differ', () => {
    expect(changes(plan([cp1, cp2, cp3, ...workers], { only: [cp2, workers[1]!] }))).toEqual(
      [cp2, workers[1]!].map(idOf),
    );
  });

  it('of the only server is one step, which says what is away meanwhile', () => {
    const [step, ...more] = plan([cp1]);
    expect(step).toMatchObject({ id: idOf(cp1), text: expect.stringContaining('the API is away meanwhile') as string });
    expect(more).toEqual([]);
  });

  it('is refused while servers could not lose one, and while as many workers are down as may be', () => {
    const code = (work: () => unknown): unknown => {
      try {
        return work();
      } catch (error) {
        return (error as { code: unknown }).code;
      }
    };
    expect(code(() => plan([cp1, cp2]))).toBe('QUORUM');
    expect(code(() => plan([cp1, cp2, cp3], { down: [cp3], only: [cp1] }))).toBe('QUORUM');
    expect(code(() => plan([cp1, cp2, cp3, cp4], { down: [cp4], only: [cp1] }))).toBe('QUORUM');
    expect(code(() => plan([cp1, ...workers], { down: workers.slice(1), only: [workers[0]!] }))).toBe('NODES_DOWN');
  });

  it('begins with a server that is down, as one that a stopped run had begun with', () => {
    expect(changes(plan([cp1, cp2, cp3], { down: [cp2] }))).toEqual([cp2, cp1, cp3].map(idOf));
  });
});

describe('settings that cannot change in a cluster’s life', () => {
  const settings = {
    externalCloudProvider: false,
    network: { pods: '10.42.0.0/16', services: '10.43.0.0/16', encryption: 'wireguard' },
    disable: disabledComponents({ serviceLoadBalancer: 'provider', storageClass: undefined }),
  } as const;
  const started = (...more: string[]) => ({
    'k3s.io/node-args': JSON.stringify([
      ...['server', '--token', '********', '--agent-token', '********', '--cluster-cidr', '10.42.0.0/16'],
      ...['--service-cidr', '10.43.0.0/16', '--disable', 'traefik', '--disable', 'servicelb', ...more],
    ]),
  });

  it('are none while a server was started with what it would be started with now', () => {
    const same = started('--flannel-backend', 'wireguard-native', '--secrets-encryption', 'true');
    expect(fixedDifference(same, settings)).toBeUndefined();
    expect(fixedDifference({}, settings)).toBeUndefined();
  });

  it('are told with the field of the file that they come from', () => {
    expect(fixedDifference(started('--flannel-backend', 'vxlan'), settings)).toEqual({
      desired: 'flannel-backend wireguard-native (network.encryption)',
      observed: 'flannel-backend vxlan',
    });
    expect(fixedDifference(started(), { ...settings, network: { ...settings.network, pods: '10.99.0.0/16' } })).toEqual(
      {
        desired: 'cluster-cidr 10.99.0.0/16 (network.pods)',
        observed: 'cluster-cidr 10.42.0.0/16',
      },
    );
  });

  it('are of what may be left out only the part that k3s compares', () => {
    const disable = [...settings.disable, 'metrics-server'];
    expect(fixedDifference(started(), { ...settings, disable })).toBeUndefined();
    expect(fixedDifference(started(), { ...settings, disable: ['traefik'] })).toEqual({
      desired: 'with servicelb',
      observed: 'without servicelb',
    });
  });
});
