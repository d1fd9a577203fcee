import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { flows, openEgress, podGroups, untouched } from '../../src/components/index.js';
import type { KubeObject } from '../../src/kube/types.js';
import { type Pod, passes } from './network-semantics.js';
import { folderWith } from './support.js';
import { at, bare, hetzner, linode, rendered, type Values } from './network-cluster.js';

const examples = fileURLToPath(new URL('../../docs/examples/components', import.meta.url));
const dns = { dns: { provider: 'hetzner' }, domains: ['acme.dev'] };
const basics = {
  nats: true,
  'cert-manager': dns,
  'external-dns': dns,
  monitoring: { grafana: { host: 'grafana.acme.dev' } },
};
const everything = {
  ...basics,
  'web-app': { image: 'registry.example/acme/web:1', host: 'web.acme.dev' },
  flux: { git: { url: 'https://git.example/acme/cluster.git' } },
};

interface Network {
  readonly policies: readonly KubeObject[];
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

async function network(components: Values, provider = hetzner, folders = [examples]): Promise<Network> {
  const { components: all, problems } = await rendered(components, { provider, folders });
  expect(problems).toEqual([]);
  const objects = all.flatMap(({ before, objects: own }) => [...before, ...own]);
  return {
    policies: objects.filter(({ kind }) => kind === 'NetworkPolicy'),
    namespaces: new Map(
      objects
        .filter(({ kind }) => kind === 'Namespace')
        .map(({ metadata }) => [metadata.name, metadata.labels ?? {}] as const),
    ),
  };
}

const name = (text: string): Readonly<Record<string, string>> => ({ 'app.kubernetes.io/name': text });

/** Pods as the charts label them, and the ports they listen on. */
const pods = {
  traefik: {
    namespace: 'traefik',
    labels: { ...name('traefik'), 'app.kubernetes.io/instance': 'traefik-traefik' },
    ports: { web: 8000, websecure: 8443, metrics: 9100, traefik: 8080 },
  },
  certManager: {
    namespace: 'cert-manager',
    labels: { ...name('cert-manager'), 'app.kubernetes.io/component': 'controller' },
    ports: { 'http-metrics': 9402, 'http-healthz': 9403 },
  },
  certWebhook: {
    namespace: 'cert-manager',
    labels: { ...name('webhook'), 'app.kubernetes.io/component': 'webhook' },
    ports: { https: 10250, healthcheck: 6080, 'http-metrics': 9402 },
  },
  dnsWebhook: {
    namespace: 'cert-manager',
    labels: name('dns-webhook-hetzner'),
    ports: { https: 8443, metrics: 8080 },
  },
  externalDns: {
    namespace: 'external-dns',
    labels: name('external-dns'),
    ports: { http: 7979, 'http-webhook': 8080 },
  },
  operator: {
    namespace: 'cnpg-system',
    labels: name('cloudnative-pg'),
    ports: { 'webhook-server': 9443, metrics: 8080 },
  },
  barman: { namespace: 'cnpg-system', labels: name('plugin-barman-cloud'), ports: { grpc: 9090 } },
  nats: {
    namespace: 'nats',
    labels: { ...name('nats'), 'app.kubernetes.io/component': 'nats' },
    ports: { nats: 4222, cluster: 6222, monitor: 8222, 'prom-metrics': 7777 },
  },
  loki: {
    namespace: 'monitoring',
    labels: name('loki'),
    ports: { 'http-metrics': 3100, grpc: 9095, memberlist: 7946 },
  },
  alloy: { namespace: 'monitoring', labels: name('alloy'), ports: { 'http-metrics': 12345 } },
  prometheus: { namespace: 'monitoring', labels: name('prometheus'), ports: { 'http-web': 9090, reloader: 8080 } },
  alertmanager: {
    namespace: 'monitoring',
    labels: name('alertmanager'),
    ports: { 'http-web': 9093, reloader: 8080, mesh: 9094 },
  },
  grafana: { namespace: 'monitoring', labels: name('grafana'), ports: { grafana: 3000, gossip: 9094 } },
  prometheusOperator: {
    namespace: 'monitoring',
    labels: { app: 'kube-prometheus-stack-operator' },
    ports: { https: 10250 },
  },
  kubeState: { namespace: 'monitoring', labels: name('kube-state-metrics'), ports: { http: 8080, metrics: 8081 } },
  solver: {
    namespace: 'monitoring',
    labels: { 'acme.cert-manager.io/http01-solver': 'true' },
    ports: { http: 8089 },
  },
  app: { namespace: 'shop', labels: { app: 'shop' }, ports: { http: 8080 } },
  postgres: { namespace: 'shop', labels: { 'cnpg.io/cluster': 'db' }, ports: { postgresql: 5432, status: 8000 } },
  webApp: { namespace: 'web-app', labels: name('web-app'), ports: { http: 8080 } },
  dns: { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, ports: { dns: 53 } },
  helmJob: { namespace: 'kube-system', labels: { 'helmcharts.helm.cattle.io/chart': 'nats' } },
  beside: { namespace: 'monitoring', labels: { app: 'somebody' } },
} satisfies Readonly<Record<string, Pod>>;
type PodName = keyof typeof pods;
const podNames = Object.keys(pods) as PodName[];
const ours = podNames.filter((one) => !['shop', 'web-app', 'kube-system'].includes(pods[one].namespace));
const portsOf = (one: PodName): number[] => Object.values((pods[one] as Pod).ports ?? {});

/** What anybody may call, all else is refused to pods that are in nobody's list. */
const open: readonly (readonly [PodName, number])[] = [
  ['traefik', 8000],
  ['traefik', 8443],
  ['nats', 4222],
  // The API server calls these from hosts.
  ['certWebhook', 10250],
  ['dnsWebhook', 8443],
  ['operator', 9443],
  ['prometheusOperator', 10250],
];

const needed: readonly (readonly [from: PodName | 'host', to: PodName, port: number])[] = [
  ['host', 'certWebhook', 10250],
  ['host', 'dnsWebhook', 8443],
  ['host', 'operator', 9443],
  ['host', 'prometheusOperator', 10250],
  ['host', 'traefik', 8000],
  ['host', 'traefik', 8443],
  ['app', 'traefik', 8443],
  ['traefik', 'webApp', 8080],
  ['traefik', 'app', 8080],
  ['traefik', 'grafana', 3000],
  ['traefik', 'solver', 8089],
  ['app', 'nats', 4222],
  ['helmJob', 'nats', 4222],
  ['app', 'postgres', 5432],
  ['operator', 'postgres', 8000],
  ['operator', 'postgres', 5432],
  ['operator', 'barman', 9090],
  ['nats', 'nats', 6222],
  ['nats', 'dns', 53],
  ['grafana', 'loki', 3100],
  ['alloy', 'loki', 3100],
  ['loki', 'loki', 7946],
  ['grafana', 'prometheus', 9090],
  ['grafana', 'alertmanager', 9093],
  ['prometheus', 'alertmanager', 9093],
  ['alertmanager', 'alertmanager', 9094],
  ['prometheus', 'traefik', 9100],
  ['prometheus', 'certManager', 9402],
  ['prometheus', 'certWebhook', 9402],
  ['prometheus', 'dnsWebhook', 8080],
  ['prometheus', 'externalDns', 7979],
  ['prometheus', 'externalDns', 8080],
  ['prometheus', 'operator', 8080],
  ['prometheus', 'nats', 7777],
  ['prometheus', 'loki', 3100],
  ['prometheus', 'alloy', 12345],
  ['prometheus', 'prometheus', 9090],
  ['prometheus', 'prometheus', 8080],
  ['prometheus', 'alertmanager', 8080],
  ['prometheus', 'grafana', 3000],
  ['prometheus', 'kubeState', 8080],
  ['prometheus', 'kubeState', 8081],
  ['prometheus', 'prometheusOperator', 10250],
  ['prometheus', 'app', 8080],
  ['prometheus', 'postgres', 8000],
  ['prometheus', 'dns', 53],
];

const podOf = (one: PodName | 'host'): Pod | 'host' => (one === 'host' ? 'host' : pods[one]);

describe('with everything on, the network', () => {
  it.each(['app', 'webApp', 'helmJob', 'beside'] as const)(
    'refuses every port of ours that is not for everybody to the pod %s',
    async (stranger) => {
      const { policies } = await network(everything);
      for (const to of ours)
        for (const port of portsOf(to)) {
          const isOpen = open.some(([pod, number]) => pod === to && number === port);
          expect(passes(policies, { from: pods[stranger], to: pods[to], port }), `${to}:${port}`).toBe(isOpen);
        }
    },
  );

  it('refuses what only one of ours may do to the others of ours', async () => {
    const { policies } = await network(everything);
    const allowed = new Set([
      ...needed.map((flow) => flow.join(' ')),
      ...open.flatMap(([to, port]) => ours.map((from) => `${from} ${to} ${port}`)),
      'loki loki 3100',
      'loki loki 9095',
      // Prometheus measures the proof of no name, but every port that has metrics.
    ]);
    const passed = ours.flatMap((from) =>
      ours.flatMap((to) =>
        portsOf(to)
          .filter((port) => passes(policies, { from: pods[from], to: pods[to], port }))
          .map((port) => `${from} ${to} ${port}`),
      ),
    );
    expect(passed.filter((flow) => !allowed.has(flow))).toEqual([]);
    expect(passed.length).toBeGreaterThan(40);
  });

  it.each(needed)('lets %s call %s at %s', async (from, to, port) => {
    const { policies } = await network(everything);
    expect(passes(policies, { from: podOf(from), to: pods[to], port })).toBe(true);
  });

  it('takes no policy into namespaces of others, and one that refuses all into each of ours', async () => {
    const { policies, namespaces } = await network(everything);
    const denied = (namespace: string): boolean =>
      policies.some(
        ({ metadata, spec }) =>
          metadata.namespace === namespace &&
          Object.keys(at(spec, 'podSelector') as Values).length === 0 &&
          at(spec, 'ingress') === undefined,
      );
    const others = ['web-app', 'flux-system'];
    expect([...namespaces.keys()].filter((one) => !denied(one)).toSorted()).toEqual(others.toSorted());
    expect(policies.map(({ metadata }) => metadata.namespace)).not.toContain('kube-system');
    expect(Object.keys(untouched)).toEqual(['kube-system']);
  });

  it('keeps NATS from calling anybody but its own and name servers, unless its values are changed', async () => {
    const leaf = { namespace: 'shop', labels: {}, ports: {} };
    const call = { from: pods.nats, to: leaf, port: 7422 };
    expect(passes((await network(everything)).policies, call)).toBe(false);
    const values = { config: { leafnodes: { enabled: true } } };
    expect(passes((await network({ ...everything, nats: { values } })).policies, call)).toBe(true);
  });
});

describe('what the network lets in follows the cluster', () => {
  it('has metrics read by a Prometheus of somebody else where there is none of ours', async () => {
    const { policies } = await network({ preset: 'minimal', 'prometheus-crds': true });
    const theirs: Pod = { namespace: 'observe', labels: name('prometheus') };
    expect(passes(policies, { from: theirs, to: pods.traefik, port: 9100 })).toBe(true);
    expect(passes(policies, { from: pods.app, to: pods.traefik, port: 9100 })).toBe(false);
    expect(passes((await network(everything)).policies, { from: theirs, to: pods.traefik, port: 9100 })).toBe(false);
  });

  it('opens what values add to Traefik, as far as it is for requests', async () => {
    const values = { ports: { mqtt: { port: 1883, expose: { default: true } }, web: { port: 8081 } } };
    const { policies } = await network({ ...everything, traefik: { values } });
    for (const port of [1883, 8081, 8443])
      expect(passes(policies, { from: 'host', to: pods.traefik, port }), String(port)).toBe(true);
    for (const port of [9100, 8080])
      expect(passes(policies, { from: 'host', to: pods.traefik, port }), String(port)).toBe(false);
  });

  it('leaves pods of a component of the user’s own reachable in a namespace that it shares with ours', async () => {
    const folder = await folderWith({
      'bridge/component.yaml':
        'title: Bridge\ndescription: Bridge.\nnamespace: nats\nhealth: [{kind: Deployment, name: bridge}]\n',
    });
    const { policies, namespaces } = await network({ ...basics, bridge: true }, hetzner, [folder]);
    const bridge: Pod = { namespace: 'nats', labels: name('bridge') };
    expect(passes(policies, { from: pods.app, to: bridge, port: 80 })).toBe(true);
    expect(passes(policies, { from: pods.app, to: pods.nats, port: 6222 })).toBe(false);
    expect(namespaces.get('nats')?.['pod-security.kubernetes.io/enforce']).toBe('privileged');
  });

  it('lets hosts in where values put the caller into their network', async () => {
    const traefik = { values: { hostNetwork: true } };
    const monitoring = { ...basics.monitoring, values: { prometheus: { prometheusSpec: { hostNetwork: true } } } };
    const { policies } = await network({ ...everything, traefik, monitoring });
    expect(passes(policies, { from: 'host', to: pods.grafana, port: 3000 })).toBe(true);
    expect(passes(policies, { from: 'host', to: pods.nats, port: 7777 })).toBe(true);
    expect(passes(policies, { from: 'host', to: pods.nats, port: 6222 })).toBe(false);
    const usual = await network(everything);
    expect(passes(usual.policies, { from: 'host', to: pods.grafana, port: 3000 })).toBe(false);
  });

  it('lets Grafana be reached through an ingress that is not ours', async () => {
    const { policies } = await network({ monitoring: everything.monitoring, traefik: false });
    const theirs: Pod = { namespace: 'ingress-nginx', labels: name('ingress-nginx') };
    expect(passes(policies, { from: theirs, to: pods.grafana, port: 3000 })).toBe(true);
  });
});

describe('the matrix', () => {
  it('says why for each flow, and for each namespace whose pods may call anyone', async () => {
    for (const { why, ports } of flows) {
      expect(why).toMatch(/^[A-Z].*\.$/);
      expect(ports.length).toBeGreaterThan(0);
    }
    const { policies } = await network(everything);
    const closed = new Set(
      policies
        .filter(({ spec }) => (at(spec, 'policyTypes') as string[]).includes('Egress'))
        .map(({ metadata }) => metadata.namespace),
    );
    const all = [...new Set(policies.map(({ metadata }) => metadata.namespace!))];
    expect(all.filter((one) => !closed.has(one)).toSorted()).toEqual(Object.keys(openEgress).toSorted());
  });

  it('has a flow to each group of pods', () => {
    const called = new Set<string>(flows.map(({ to }) => to));
    expect(Object.keys(podGroups).filter((group) => !called.has(group))).toEqual([]);
  });
});

describe('Pod Security of our namespaces', () => {
  const enforce = 'pod-security.kubernetes.io/enforce';
  const levels = async (...given: Parameters<typeof network>) =>
    Object.fromEntries([...(await network(...given)).namespaces].map(([space, labels]) => [space, labels[enforce]]));

  it('is restricted where pods fit, and left alone where they are not ours', async () => {
    expect(await levels(everything)).toEqual({
      traefik: 'restricted',
      'cert-manager': 'restricted',
      'external-dns': 'restricted',
      'cnpg-system': 'restricted',
      nats: 'restricted',
      monitoring: 'privileged',
      'web-app': undefined,
      'flux-system': undefined,
    });
  });

  it('is as loose as ports of nodes, a chart without settings, and values of others ask for', async () => {
    expect(await levels({ preset: 'minimal', traefik: { exposure: 'hostPorts' } })).toMatchObject({
      traefik: 'privileged',
    });
    const dnsimple = { dns: { provider: 'dnsimple', accountId: '1' }, domains: ['acme.dev'] };
    expect(await levels({ preset: 'minimal', 'cert-manager': dnsimple })).toMatchObject({ 'cert-manager': 'baseline' });
    expect(
      await levels({ nats: { values: { podTemplate: { merge: { spec: { hostNetwork: true } } } } } }),
    ).toMatchObject({
      nats: 'privileged',
    });
  });

  it('is the same for every component of a namespace, on every provider', async () => {
    for (const provider of [hetzner, linode, bare]) {
      const { components } = await rendered({ nats: true }, { provider });
      const seen = new Map<string, string>();
      for (const { before } of components)
        for (const object of before.filter(({ kind }) => kind === 'Namespace')) {
          const text = JSON.stringify(object);
          expect(seen.get(object.metadata.name) ?? text).toBe(text);
          seen.set(object.metadata.name, text);
        }
      expect(seen.size).toBeGreaterThan(3);
    }
  });
});
