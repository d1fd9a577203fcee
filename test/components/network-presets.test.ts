import { describe, expect, it } from 'vitest';

import { at, bare, hetzner, linode, maps, providerToken, rendered, type Values } from './network-cluster.js';

const domains = ['acme.dev'];
const dnsProviders = ['cloudflare', 'dnsimple', 'hetzner', 'linode'] as const;
const network = [
  'hcloud-cloud-controller-manager',
  'hcloud-csi',
  'ccm-linode',
  'linode-csi',
  'traefik',
  'cert-manager',
  'cert-manager-webhook-hetzner',
  'cert-manager-webhook-dnsimple',
  'cert-manager-webhook-linode',
  'cert-manager-issuers-staging',
  'cert-manager-issuers',
  'wildcard-certificate',
  'external-dns',
];

/** All of ours, for every provider of machines and of DNS. */
const everything = async () => {
  const clusters = [];
  for (const provider of [hetzner, linode, bare])
    for (const dns of dnsProviders) {
      const csi = Object.fromEntries(provider.baseline.map((name) => [name, true]));
      const parts = {
        ...csi,
        'cert-manager': { dns: { provider: dns }, domains },
        'external-dns': { dns: { provider: dns }, domains },
      };
      clusters.push(await rendered({ preset: 'minimal', ...parts }, { provider, file: { pools: [] } }));
    }
  return clusters;
};

describe('the least that serves a web application', () => {
  it('is a way in and certificates, and what the provider needs', async () => {
    const order = async (provider: typeof hetzner) => (await rendered({ preset: 'minimal' }, { provider })).order;
    const common = ['cert-manager', 'cert-manager-issuers', 'cert-manager-issuers-staging', 'traefik'];
    expect((await order(bare)).toSorted()).toEqual(common);
    expect((await order(hetzner)).toSorted()).toEqual([...common, 'hcloud-cloud-controller-manager'].toSorted());
  });
});

describe('secrets', () => {
  it('are in no output', async () => {
    for (const { components } of await everything()) expect(JSON.stringify(components)).not.toContain(providerToken);
  });

  it('are named only where some component says what they are made of', async () => {
    for (const { components, selection, values } of await everything()) {
      const declared = selection.on.flatMap(({ definition }) =>
        definition.secrets.flatMap(({ name, keys, plain }) =>
          [...Object.keys(keys), ...Object.keys(plain)].map((key) => `${name}/${key}`),
        ),
      );
      const ours = components.filter(({ id }) => network.includes(id));
      const named = ours
        .flatMap(({ id, chart, objects }) => [...maps(objects), ...(chart ? maps(values(id)) : [])])
        .filter((one) => typeof one['key'] === 'string' && typeof one['name'] === 'string')
        .map((one) => `${String(one['name'])}/${String(one['key'])}`);
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((one) => !declared.includes(one))).toEqual([]);
    }
  });
});

/** `100m` and `64Mi`, as thousandths of a core and mebibytes; how many of each pod there are. */
type Pods = readonly (readonly [count: number, resources: unknown])[];

const asked = (pods: Pods): { cpuMilli: number; memoryMiB: number } => {
  const sum = (key: string, unit: RegExp) =>
    pods.reduce(
      (total, [count, part]) => total + count * Number(String(at(part, `requests.${key}`)).replace(unit, '')),
      0,
    );
  return { cpuMilli: sum('cpu', /m$/), memoryMiB: sum('memory', /Mi$/) };
};

describe('what a component asks of nodes', () => {
  const parts = (value: unknown, count: number): Pods =>
    Object.values(value as Values).map((part) => [count, part] as const);
  const pods: Readonly<Record<string, (values: Values) => Pods>> = {
    'hcloud-cloud-controller-manager': (values) => [[2, values['resources']]],
    'hcloud-csi': (values) => [
      ...parts(at(values, 'controller.resources'), 1),
      ...parts(at(values, 'node.resources'), 3),
    ],
    'ccm-linode': (values) => [[3, values['resources']]],
    'linode-csi': (values) => [[4, at(values, 'csiLinodePlugin.resources')]],
    traefik: (values) => [[Number(at(values, 'deployment.replicas')), values['resources']]],
    'cert-manager': (values) =>
      [values, values['webhook'], values['cainjector']].map((part) => [1, at(part, 'resources')]),
    'cert-manager-webhook-dnsimple': (values) => [[1, values['resources']]],
    'external-dns': (values) => {
      const helper = at(values, 'provider.webhook.resources');
      return [[1, values['resources']] as const, ...(helper === undefined ? [] : [[1, helper] as const])];
    },
  };

  it('is what the values of each say', async () => {
    const seen = new Set<string>();
    for (const { selection, values, components } of await everything())
      for (const { definition: component } of selection.on) {
        const count = pods[component.name];
        if (!count || !components.some(({ id }) => id === component.name)) continue;
        const { cpuMilli, memoryMiB } = components.find(({ id }) => id === component.name)!.requests;
        expect({ cpuMilli, memoryMiB }, component.name).toEqual(asked(count(values(component.name))));
        seen.add(component.name);
      }
    expect([...seen].toSorted()).toEqual(Object.keys(pods).toSorted());
  });
});
