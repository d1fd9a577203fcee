import { beforeAll, describe, expect, it } from 'vitest';

import { readCatalogue, renderComponents, selectionOf } from '../../../src/components/index.js';
import { cutOut, readTenantCatalogue, tenantInstances } from '../../../src/components/tenant/instances.js';
import type { Catalogue, RenderedComponent } from '../../../src/components/types.js';
import { tenantSchema, type TenantInput } from '../../../src/domain/spec/tenants.js';
import type { KubeObject } from '../../../src/kube/types.js';
import { clusterSpec, providers, renderInput } from '../support.js';

let own: Catalogue;
let cluster: Catalogue;
beforeAll(async () => {
  own = await readTenantCatalogue();
  cluster = await readCatalogue();
});

function rendered(tenant: Partial<TenantInput> = {}, components: object = { preset: 'none', traefik: true }) {
  const spec = clusterSpec({ components: components as never });
  const provider = providers.hetzner;
  const selection = selectionOf(cluster, { components: spec.components, pools: [], provider, hasTenants: true });
  const instances = tenantInstances(own, tenantSchema.parse({ name: 'globex', ...tenant }), spec, provider);
  return renderComponents({ ...selection, on: [...selection.on, ...instances] }, renderInput({}, provider));
}

const objectsOf = ({ before, objects }: RenderedComponent): readonly KubeObject[] => [...before, ...objects];
const boundary = (tenant: Partial<TenantInput> = {}, components?: object): readonly KubeObject[] =>
  objectsOf(rendered(tenant, components).find(({ id }) => id === 'globex.boundary')!);
const ofKind = (objects: readonly KubeObject[], kind: string): readonly KubeObject[] =>
  objects.filter((one) => one.kind === kind);
const spec = (object: KubeObject): Readonly<Record<string, unknown>> =>
  object['spec'] as Readonly<Record<string, unknown>>;

describe('the boundary of a tenant', () => {
  it('is an instance of its own beside the cluster’s components, and stands on what keeps tenants apart', () => {
    const all = rendered();
    expect(all.find(({ id }) => id === 'tenancy')).toMatchObject({ owner: { kind: 'cluster' } });
    expect(all.find(({ id }) => id === 'globex.boundary')).toMatchObject({
      owner: { kind: 'tenant', name: 'globex' },
      namespace: 'globex-platform',
      waitsFor: ['tenancy'],
    });
  });

  it('each of its two namespaces is made once, restricted, with what admission goes by', () => {
    const namespaces = ofKind(boundary({ domains: ['a.org', 'b.org'] }), 'Namespace');
    expect(namespaces.map(({ metadata }) => metadata.name)).toEqual(['globex', 'globex-platform']);
    for (const { metadata } of namespaces) {
      expect(metadata.labels).toMatchObject({
        'slipway.dev/tenant': 'globex',
        'pod-security.kubernetes.io/enforce': 'restricted',
      });
      expect(metadata.annotations).toEqual({
        'slipway.dev/domains': 'a.org,b.org',
        'slipway.dev/ingress-classes': 'traefik',
        'slipway.dev/storage-classes': 'hcloud-volumes',
      });
    }
  });

  it('its roles name every resource, and none by which it could widen what it may', () => {
    const roles = ofKind(boundary(), 'Role');
    expect(roles).toHaveLength(2);
    const rules = roles.flatMap(
      (role) => role['rules'] as { apiGroups: string[]; resources: string[]; verbs: string[] }[],
    );
    for (const rule of rules) {
      expect([...rule.apiGroups, ...rule.resources, ...rule.verbs]).not.toContain('*');
      expect(rule.verbs).not.toContain('escalate');
      expect(rule.verbs).not.toContain('bind');
      expect(rule.verbs).not.toContain('impersonate');
    }
    const changed = rules
      .filter(({ verbs }) => verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)))
      .flatMap(({ resources }) => resources);
    for (const kept of [
      'networkpolicies',
      'resourcequotas',
      'limitranges',
      'roles',
      'rolebindings',
      'endpoints',
      'endpointslices',
      'namespaces',
      'serviceaccounts/token',
      'events',
      'daemonsets',
      'ingresses/status',
    ])
      expect(changed).not.toContain(kept);
  });

  it('it has rights in its own namespace only, through an account that is out of its reach', () => {
    const bindings = ofKind(boundary(), 'RoleBinding');
    expect(bindings.map(({ metadata }) => metadata.namespace)).toEqual(['globex', 'globex']);
    for (const binding of bindings)
      expect(binding['subjects']).toEqual([{ kind: 'ServiceAccount', name: 'tenant', namespace: 'globex-platform' }]);
    expect(ofKind(boundary(), 'ClusterRoleBinding')).toEqual([]);
  });

  it('suspended, it may still look and change nothing', () => {
    const bindings = ofKind(boundary({ suspended: true }), 'RoleBinding');
    expect(bindings.map(({ metadata }) => metadata.name)).toEqual(['slipway-look']);
    const look = ofKind(boundary({ suspended: true }), 'Role').find(
      ({ metadata }) => metadata.name === 'slipway-look',
    )!;
    for (const { verbs, resources } of look['rules'] as { verbs: string[]; resources: string[] }[]) {
      expect(verbs).toEqual(['get', 'list', 'watch']);
      expect(resources).not.toContain('secrets');
    }
  });

  it('a container that says nothing gets what the quota asks of it', () => {
    const [limits] = ofKind(boundary({ container: { cpu: '0.1', memory: '64Mi' } }), 'LimitRange');
    expect(spec(limits!)).toEqual({
      limits: [
        {
          type: 'Container',
          defaultRequest: { cpu: '100m', memory: '64Mi' },
          default: { memory: '64Mi' },
          max: { memory: '4Gi' },
        },
      ],
    });
  });
});

describe('the network of a tenant', () => {
  const policies = (tenant: Partial<TenantInput> = {}, components?: object) =>
    new Map(
      ofKind(boundary(tenant, components), 'NetworkPolicy').map((one) => [
        `${one.metadata.namespace!}/${one.metadata.name}`,
        one,
      ]),
    );

  it('refuses everything in both directions in both namespaces, but for what has a reason', () => {
    const all = policies({ domains: ['a.org'], egress: [{ to: '203.0.113.0/24' }] });
    for (const namespace of ['globex', 'globex-platform'])
      expect(spec(all.get(`${namespace}/slipway-default-deny`)!)).toEqual({
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
      });
    const others = [...all].filter(([name]) => !name.endsWith('default-deny'));
    expect(others.map(([name]) => name)).toEqual([
      'globex/slipway-own-pods',
      'globex/slipway-names',
      'globex/slipway-requests',
      'globex/slipway-egress',
    ]);
    for (const [name, { metadata }] of others) expect(metadata.annotations?.['slipway.dev/why'], name).toMatch(/\.$/);
  });

  it('lets in requests from Traefik only where there is one, and only to a tenant with host names', () => {
    expect(policies({ domains: ['a.org'] }).has('globex/slipway-requests')).toBe(true);
    expect(policies().has('globex/slipway-requests')).toBe(false);
    expect(policies({ domains: ['a.org'] }, { preset: 'none' }).has('globex/slipway-requests')).toBe(false);
  });

  it('leads outside only where it is asked for, never to the cluster’s own networks or what clouds tell machines', () => {
    expect(policies().has('globex/slipway-egress')).toBe(false);
    const egress = policies({ egress: [{ to: '0.0.0.0/0', ports: [443] }, { to: '203.0.113.0/24' }] });
    expect(spec(egress.get('globex/slipway-egress')!)['egress']).toEqual([
      {
        to: [
          {
            ipBlock: {
              cidr: '0.0.0.0/0',
              except: ['10.0.0.0/16', '10.42.0.0/16', '10.43.0.0/16', '169.254.0.0/16'],
            },
          },
        ],
        ports: [{ port: 443, protocol: 'TCP' }],
      },
      { to: [{ ipBlock: { cidr: '203.0.113.0/24' } }] },
    ]);
  });

  it.each<[range: string, expected: readonly string[]]>([
    ['10.0.0.0/8', ['10.0.0.0/16', '10.42.0.0/16', '10.43.0.0/16']],
    ['10.42.0.0/15', ['10.42.0.0/16', '10.43.0.0/16']],
    ['192.0.2.0/24', []],
  ])('cuts out of %s what is the cluster’s own', (range, expected) => {
    expect(cutOut(range, clusterSpec().network)).toEqual(expected);
  });
});

describe('admission of tenants', () => {
  const tenancy = () => objectsOf(rendered().find(({ id }) => id === 'tenancy')!);

  it('every policy fails closed, is bound, denies, and holds in the namespaces of tenants only', () => {
    const policies = ofKind(tenancy(), 'ValidatingAdmissionPolicy');
    const bindings = ofKind(tenancy(), 'ValidatingAdmissionPolicyBinding');
    expect(policies).toHaveLength(7);
    for (const policy of policies) {
      const { failurePolicy, matchConstraints } = spec(policy) as { failurePolicy: string; matchConstraints: object };
      expect(failurePolicy).toBe('Fail');
      expect(JSON.stringify(matchConstraints)).toContain('{"key":"slipway.dev/tenant","operator":"Exists"}');
      const binding = bindings.find(({ metadata }) => metadata.name === policy.metadata.name)!;
      expect(spec(binding)).toEqual({ policyName: policy.metadata.name, validationActions: ['Deny'] });
    }
  });

  it('cannot be switched off while the cluster has tenants', () => {
    expect(() => rendered({}, { preset: 'none', tenancy: false })).toThrow(/it keeps tenants apart/);
  });

  it('is off in a cluster without tenants', () => {
    const { components } = clusterSpec({ components: {} });
    const { on } = selectionOf(cluster, { components, pools: [], provider: providers.hetzner });
    expect(on.map(({ id }) => id)).not.toContain('tenancy');
  });
});
