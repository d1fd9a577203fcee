import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Obj } from '../../../../providers/sandbox/kube-api/objects.js';
import { type Placement, placePod } from '../../../../providers/sandbox/kube-api/scheduling/place.js';
import { amountOf } from '../../../../providers/sandbox/kube-api/scheduling/quantity.js';
import { requestsOf } from '../../../../providers/sandbox/kube-api/scheduling/requests.js';

interface NodeForm {
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly labels?: Record<string, string>;
  readonly spec?: Record<string, unknown>;
  readonly ready?: string;
}

const node = (name: string, form: NodeForm = {}): Obj => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...form.labels } },
  spec: form.spec ?? {},
  status: {
    allocatable: { cpu: form.cpu ?? '2', memory: form.memory ?? '4Gi', pods: form.pods ?? '110' },
    conditions: [{ type: 'Ready', status: form.ready ?? 'True' }],
  },
});

interface PodForm {
  readonly requests?: Record<string, string>;
  readonly ports?: readonly Record<string, unknown>[];
  readonly labels?: Record<string, string>;
  readonly spec?: Record<string, unknown>;
  readonly on?: string;
  readonly phase?: string;
  readonly namespace?: string;
}

const pod = (name: string, form: PodForm = {}): Obj => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: form.namespace ?? 'default', labels: form.labels ?? {} },
  spec: {
    containers: [{ name: 'main', resources: { requests: form.requests ?? {} }, ports: form.ports ?? [] }],
    ...(form.on === undefined ? {} : { nodeName: form.on }),
    ...form.spec,
  },
  status: { phase: form.phase ?? 'Pending' },
});

const three = (form: NodeForm = {}): Obj[] => ['n1', 'n2', 'n3'].map((name) => node(name, form));
const apart = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' };
const anti = { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apart] } } };
const together = { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apart] } } };
const spread = {
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app: 'web' } },
    },
  ],
};
const web = { app: 'web' };

interface Case {
  readonly title: string;
  readonly pod: Obj;
  readonly nodes: readonly Obj[];
  readonly others?: readonly Obj[];
  readonly expected: string;
  readonly volumes?: Parameters<typeof placePod>[1]['volumes'];
}

const cases: readonly Case[] = [
  { title: 'no node at all', pod: pod('a'), nodes: [], expected: 'no nodes available to schedule pods' },
  {
    title: 'a request larger than any node',
    pod: pod('a', { requests: { cpu: '3' } }),
    nodes: three(),
    expected: '0/3 nodes are available: 3 Insufficient cpu.',
  },
  {
    title: 'several resources that do not suffice',
    pod: pod('a', { requests: { cpu: '3', memory: '5Gi', 'nvidia.com/gpu': '1' } }),
    nodes: [node('n1')],
    expected: '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 1 Insufficient nvidia.com/gpu.',
  },
  {
    title: 'what other pods left',
    pod: pod('a', { requests: { cpu: '600m' } }),
    nodes: three(),
    others: ['n1', 'n2'].map((on) => pod(on, { on, requests: { cpu: '1500m' } })),
    expected: 'n3',
  },
  {
    title: 'pods that have ended, which take nothing',
    pod: pod('a', { requests: { cpu: '2' } }),
    nodes: [node('n1')],
    others: [pod('b', { on: 'n1', requests: { cpu: '2' }, phase: 'Succeeded' })],
    expected: 'n1',
  },
  {
    title: 'a node that is full of pods',
    pod: pod('a'),
    nodes: [node('n1', { pods: '1' })],
    others: [pod('b', { on: 'n1' })],
    expected: '0/1 nodes are available: 1 Too many pods.',
  },
  {
    title: 'a port of the node that is taken everywhere',
    pod: pod('a', { ports: [{ containerPort: 80, hostPort: 80 }] }),
    nodes: [node('n1')],
    others: [pod('b', { on: 'n1', ports: [{ containerPort: 8080, hostPort: 80, hostIP: '10.0.0.1' }] })],
    expected: "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
  },
  {
    title: 'the same port of another protocol',
    pod: pod('a', { ports: [{ containerPort: 53, hostPort: 53, protocol: 'UDP' }] }),
    nodes: [node('n1')],
    others: [pod('b', { on: 'n1', ports: [{ containerPort: 53, hostPort: 53 }] })],
    expected: 'n1',
  },
  {
    title: 'pods on the node’s own network, whose ports are the node’s',
    pod: pod('a', { ports: [{ containerPort: 80 }], spec: { hostNetwork: true } }),
    nodes: [node('n1'), node('n2')],
    others: [pod('b', { on: 'n1', ports: [{ containerPort: 80 }], spec: { hostNetwork: true } })],
    expected: 'n2',
  },
  {
    title: 'a selector, a taint, a cordon and too little memory, each counted',
    pod: pod('a', { requests: { memory: '8Gi' }, spec: { nodeSelector: { disk: 'fast' } } }),
    nodes: [
      node('n1'),
      node('n2', { spec: { taints: [{ key: 'own', value: 'db', effect: 'NoSchedule' }] } }),
      node('n3', { spec: { taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] } }),
      node('n4', { labels: { disk: 'fast' } }),
    ],
    expected:
      "0/4 nodes are available: 1 Insufficient memory, 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {own: db}, 1 node(s) were unschedulable.",
  },
  {
    title: 'a node that is not Ready',
    pod: pod('a'),
    nodes: [node('n1', { ready: 'False' })],
    expected: '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.',
  },
  {
    title: 'anti-affinity with one more pod than nodes',
    pod: pod('a', { labels: web, spec: anti }),
    nodes: three(),
    others: ['n1', 'n2', 'n3'].map((on) => pod(on, { on, labels: web, spec: anti })),
    expected: "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
  },
  {
    title: 'a pod that others keep away',
    pod: pod('a', { labels: web }),
    nodes: [node('n1')],
    others: [pod('b', { on: 'n1', labels: web, spec: anti })],
    expected: "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
  },
  {
    title: 'anti-affinity to pods of another namespace, which does not count',
    pod: pod('a', { labels: web, spec: anti }),
    nodes: [node('n1')],
    others: [pod('b', { on: 'n1', labels: web, namespace: 'other' })],
    expected: 'n1',
  },
  {
    title: 'affinity to pods that are nowhere',
    pod: pod('a', { spec: together }),
    nodes: three(),
    expected: "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.",
  },
  {
    title: 'affinity to pods like itself, of which it is the first',
    pod: pod('a', { labels: web, spec: together }),
    nodes: [node('n1')],
    expected: 'n1',
  },
  {
    title: 'affinity to pods that are on a fuller node',
    pod: pod('a', { spec: together }),
    nodes: three(),
    others: [pod('b', { on: 'n3', labels: web })],
    expected: 'n3',
  },
  {
    title: 'a zone that would get too many',
    pod: pod('a', { labels: web, spec: spread }),
    nodes: [node('n1', { labels: { zone: 'x' } }), node('n2', { labels: { zone: 'y' }, cpu: '0' }), node('n3')],
    others: [pod('b', { on: 'n1', labels: web })],
    expected: 'n2',
  },
  {
    title: 'zones of which the emptier has no room',
    pod: pod('a', { labels: web, spec: spread, requests: { cpu: '1' } }),
    nodes: [node('n1', { labels: { zone: 'x' } }), node('n2', { labels: { zone: 'y' }, cpu: '500m' }), node('n3')],
    others: [pod('b', { on: 'n1', labels: web })],
    expected:
      "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints, 1 node(s) didn't match pod topology spread constraints (missing required label).",
  },
  {
    title: 'a volume that is tied to another node',
    pod: pod('a'),
    nodes: [node('n1')],
    volumes: [[{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n2'] }] }]],
    expected: "0/1 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity.",
  },
  {
    title: 'a wish for a node, against the load',
    pod: pod('a', {
      spec: {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, preference: { matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['4'] }] } },
            ],
          },
        },
      },
    }),
    nodes: [node('n1'), node('n2', { labels: { cores: '8' } })],
    others: [pod('b', { on: 'n2' })],
    expected: 'n2',
  },
];

const said = (placement: Placement): string => placement.node ?? placement.message;

describe('placing a pod', () => {
  it.each(cases)('honours $title', ({ pod, nodes, others = [], volumes = [], expected }) => {
    expect(said(placePod(pod, { nodes, pods: others, volumes }))).toBe(expected);
  });

  it('never gives a node more than it has, and refuses only where no node has room', () => {
    const cpus = fc.integer({ min: 0, max: 3000 });
    fc.assert(
      fc.property(
        fc.array(cpus, { minLength: 1, maxLength: 5 }),
        fc.array(cpus, { maxLength: 20 }),
        (sizes, wishes) => {
          const nodes = sizes.map((cpu, index) => node(`n${index}`, { cpu: `${cpu}m` }));
          const free = new Map(nodes.map(({ metadata }, index) => [metadata.name, sizes[index]!]));
          const placed: Obj[] = [];
          wishes.forEach((cpu, index) => {
            const one = pod(`p${index}`, { requests: { cpu: `${cpu}m` } });
            const placement = placePod(one, { nodes, pods: placed });
            if (placement.node === undefined) {
              expect(Math.max(...free.values())).toBeLessThan(cpu);
              return;
            }
            free.set(placement.node, free.get(placement.node)! - cpu);
            expect(free.get(placement.node)).toBeGreaterThanOrEqual(0);
            placed.push({ ...one, spec: { ...one.spec, nodeName: placement.node } });
          });
        },
      ),
    );
  });

  it('keeps pods with anti-affinity on nodes of their own, and a spread within its skew', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        (count, pods, isSpread) => {
          const nodes = Array.from({ length: count }, (_, index) =>
            node(`n${index}`, { labels: { zone: `z${index}` } }),
          );
          const placed: Obj[] = [];
          for (let index = 0; index < pods; index += 1) {
            const one = pod(`p${index}`, { labels: web, spec: isSpread ? spread : anti });
            const { node: chosen } = placePod(one, { nodes, pods: placed });
            if (chosen !== undefined) placed.push({ ...one, spec: { ...one.spec, nodeName: chosen } });
          }
          const perNode = nodes.map(
            ({ metadata }) => placed.filter(({ spec }) => spec?.['nodeName'] === metadata.name).length,
          );
          expect(placed.length).toBe(isSpread ? pods : Math.min(count, pods));
          expect(Math.max(...perNode) - (isSpread ? Math.min(...perNode) : 0)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe('what a pod asks of its node', () => {
  it.each([
    ['cpu', '200m', 200],
    ['cpu', 0.1, 100],
    ['cpu', '1.5', 1500],
    ['memory', '1Gi', 2 ** 30],
    ['memory', '1e3', 1000],
    ['memory', '100m', 1],
    ['memory', 'much', 0],
  ])('%s of %s is %s', (resource, quantity, expected) => {
    expect(amountOf(resource, quantity)).toBe(expected);
  });

  it('counts limits without requests, sidecars, the largest step of the beginning, and overhead', () => {
    const cpu = (amount: string) => ({ resources: { requests: { cpu: amount } } });
    const one = pod('a', {
      spec: {
        containers: [{ resources: { limits: { cpu: '100m' } } }, cpu('200m')],
        initContainers: [{ ...cpu('50m'), restartPolicy: 'Always' }, cpu('900m')],
        overhead: { cpu: '10m' },
      },
    });
    expect(requestsOf(one)).toEqual({ cpu: 960 });
  });
});
