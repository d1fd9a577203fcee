import { z } from 'zod';

import { bytesOf, milliOf } from '../quantity.js';
import { ipv4Cidr, resourceName } from './fields.js';
import { overlap, parseRange } from './ranges.js';
import type { SpecProblem } from './problem.js';

/** Of the namespace that Slipway keeps for a tenant, beside the tenant’s own, which is called like it. */
export const platformSuffix = '-platform';
export const platformOf = (tenant: string): string => `${tenant}${platformSuffix}`;

/** Names that Kubernetes or Slipway has a use for. */
const reserved = ['default', 'slipway', 'system', 'tenant', 'tenants'];

export const tenantName = resourceName
  .refine((name) => !name.startsWith('kube-'), 'reserved: names that begin with kube- are Kubernetes’ own')
  .refine(
    (name) => !name.endsWith(platformSuffix),
    `reserved: names that end in ${platformSuffix} are those of namespaces that Slipway keeps for tenants`,
  )
  .refine((name) => !reserved.includes(name), `reserved; so are ${reserved.join(', ')}`);

const domain = z
  .string()
  .regex(
    /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'a domain in small letters, without * and without a dot at its end: shop.example.com',
  )
  .max(253, 'at most 253 characters');

const cores = z
  .string()
  .regex(/^([1-9][0-9]*(\.[0-9]{1,3})?|0\.[0-9]{0,2}[1-9]|[1-9][0-9]*m)$/, 'cores such as 2, 0.5 or 500m');
const size = z.string().regex(/^[1-9][0-9]*(Mi|Gi|Ti)$/, 'a size such as 512Mi or 4Gi');

const port = z.int().min(1).max(65_535);

/** What a tenant is, as a cluster file or a file of its own says it. */
export const tenantSchema = z
  .strictObject({
    name: tenantName.describe(
      'The tenant’s name: its namespace is called so, and the one Slipway keeps for it NAME-platform.',
    ),
    domains: z
      .array(domain)
      .max(50)
      .default([])
      .describe('Host names its Ingresses may use: these, and all below them. Without any it has no Ingress.'),
    quota: z
      .strictObject({
        cpu: cores.default('2').describe('Cores that all its pods together may request.'),
        memory: size.default('4Gi').describe('Memory that all its pods together may request, and be limited to.'),
        storage: size.default('20Gi').describe('Size of all its volumes together.'),
        volumes: z.int().min(0).max(500).default(5).describe('How many volumes it may have.'),
        pods: z.int().min(1).max(2000).default(30).describe('How many pods it may have.'),
        objects: z
          .int()
          .min(10)
          .max(10_000)
          .default(100)
          .describe('How many ConfigMaps, Secrets, Services, Deployments and so on it may have, of each kind.'),
      })
      .prefault({})
      .describe(
        'What it may have, its own namespace and the platform’s together. Load balancers and node ports: none.',
      ),
    container: z
      .strictObject({
        cpu: cores.default('50m').describe('Requested for a container that says nothing.'),
        memory: size.default('128Mi').describe('Requested for a container that says nothing, and its limit.'),
      })
      .prefault({})
      .describe('What a container gets that asks for nothing itself.'),
    egress: z
      .array(
        z.strictObject({
          to: ipv4Cidr.describe('Addresses outside the cluster; 0.0.0.0/0 for all of them.'),
          ports: z.array(port).max(20).default([]).describe('TCP ports. Default: all ports and protocols.'),
        }),
      )
      .max(50)
      .default([])
      .describe('Where its pods may connect to outside the cluster. Without any: nowhere.'),
    storageClasses: z
      .array(z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'the name of a storage class'))
      .max(10)
      .optional()
      .describe('Storage classes its volumes may be of. Default: the provider’s own.'),
    suspended: z
      .boolean()
      .default(false)
      .describe('Its people may look, but change nothing; what runs goes on running.'),
  })
  .describe('A customer, team or product with a place of its own in the cluster.');

export type TenantSpec = z.output<typeof tenantSchema>;
/** A tenant as a person writes it. */
export type TenantInput = z.input<typeof tenantSchema>;

export const tenantsSchema = z
  .array(tenantSchema)
  .max(1000)
  .describe(
    'Tenants, made and changed by `cluster apply`. One that is taken out here stays: `tenant delete` removes it.',
  );

/** Networks that no tenant reaches by an address: those of the cluster, and where clouds keep what machines are told. */
export interface ClusterNetworks {
  readonly range?: string | undefined;
  readonly pods?: string | undefined;
  readonly services?: string | undefined;
}
export const linkLocal = '169.254.0.0/16';

type Loose = { readonly [K in keyof TenantSpec]?: TenantSpec[K] | undefined };

/** Rules that look at more than one value of one tenant. Pure; paths begin at the tenant. */
export function checkTenant(tenant: Loose): SpecProblem[] {
  return [...checkQuota(tenant), ...twice(tenant.domains ?? [], ['domains'])];
}

/** The numbers that a quota must at least have, with what they come from. */
function checkQuota({ quota, container }: Loose): SpecProblem[] {
  if (!quota || !container) return [];
  const least = (key: 'cpu' | 'memory', of: (text: string) => number | undefined): SpecProblem[] =>
    (of(quota[key]) ?? 0) < (of(container[key]) ?? 0)
      ? [
          {
            path: ['quota', key],
            message: `at least ${container[key]}, which one container gets that asks for nothing (container.${key})`,
            value: quota[key],
          },
        ]
      : [];
  const gibibytes = (bytesOf(quota.storage) ?? 0) / 2 ** 30;
  return [
    ...least('cpu', milliOf),
    ...least('memory', bytesOf),
    ...(gibibytes < quota.volumes
      ? [
          {
            path: ['quota', 'storage'],
            message: `at least ${quota.volumes}Gi, for ${quota.volumes} volumes (quota.volumes) of 1Gi each`,
            value: quota.storage,
          },
        ]
      : []),
  ];
}

/** Rules between tenants, and between them and the cluster’s networks. Paths begin at the list. */
export function checkTenants(tenants: readonly Loose[], networks: ClusterNetworks = {}): SpecProblem[] {
  return tenants.flatMap((tenant, index) => [
    ...checkTenant(tenant).map((problem) => ({ ...problem, path: [index, ...problem.path] })),
    ...checkBeside(tenants, index),
    ...(tenant.egress ?? []).flatMap(({ to }, at) => {
      const inside = insideCluster(to, networks);
      return inside === undefined
        ? []
        : [
            {
              path: [index, 'egress', at, 'to'],
              message: `addresses outside the cluster: it lies in ${inside}`,
              value: to,
            },
          ];
    }),
  ]);
}

function checkBeside(tenants: readonly Loose[], index: number): SpecProblem[] {
  const { name, domains = [] } = tenants[index]!;
  const before = tenants.slice(0, index);
  return [
    ...(name !== undefined && before.some((other) => other.name === name)
      ? [{ path: [index, 'name'], message: `a name of its own: another tenant is called ${name} too`, value: name }]
      : []),
    ...domains.flatMap((mine, at) => {
      const other = before.find((one) => one.domains?.some((theirs) => isBelow(mine, theirs) || isBelow(theirs, mine)));
      return other === undefined
        ? []
        : [
            {
              path: [index, 'domains', at],
              message: `a domain of its own: with ${other.domains!.find((theirs) => isBelow(mine, theirs) || isBelow(theirs, mine))!} it would be ${other.name ?? 'another tenant'}’s too`,
              value: mine,
            },
          ];
    }),
  ];
}

/** Whether a name is a domain, or below it. */
export const isBelow = (name: string, domainName: string): boolean =>
  name === domainName || name.endsWith(`.${domainName}`);

/** The network of the cluster that a range lies in; what only contains one is cut out of the rule instead. */
function insideCluster(range: string, networks: ClusterNetworks): string | undefined {
  const asked = parseRange(range);
  const { range: machines, pods, services } = networks;
  const own = Object.entries({ range: machines, pods, services, linkLocal }).find(([, text]) => {
    const network = text === undefined ? undefined : parseRange(text);
    return asked && network && overlap(asked, network) && asked.prefix >= network.prefix;
  });
  return (
    own && (own[0] === 'linkLocal' ? `${linkLocal}, where clouds keep what machines are told` : `network.${own[0]}`)
  );
}

function twice(values: readonly string[], path: readonly (string | number)[]): SpecProblem[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) === index
      ? []
      : [{ path: [...path, index], message: `each only once: ${value} is listed twice` }],
  );
}
