import { labelKeys } from '../labels.js';
import type { SpecProblem } from './problem.js';
import { checkLibvirt } from './libvirt.js';
import type { ClusterSpec, PoolSpec } from './schema.js';
import { checkTenants, type TenantSpec } from './tenants.js';
import { overlap, parseRange, within } from './ranges.js';

export type { SpecProblem };

type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** A specification, or as much of one as could be read: what has other errors is left out. */
export interface SpecParts {
  readonly provider?: Loose<ClusterSpec['provider']> | undefined;
  readonly controlPlane?: Loose<ClusterSpec['controlPlane']> | undefined;
  readonly pools?: readonly Loose<PoolSpec>[] | undefined;
  readonly network?: Loose<ClusterSpec['network']> | undefined;
  readonly api?: Loose<ClusterSpec['kubernetes']['api']> | undefined;
  readonly ssh?: Loose<ClusterSpec['ssh']> | undefined;
  readonly tenants?: readonly Loose<TenantSpec>[] | undefined;
}

/** All rules that look at more than one value. Pure; empty means nothing is wrong. */
export function checkSpec(parts: SpecParts): SpecProblem[] {
  return [
    ...checkNetwork(parts.network ?? {}, machineCount(parts)),
    ...checkPools(parts.pools ?? []),
    ...checkLocations(parts),
    ...checkHosts(parts),
    ...checkLibvirt(parts),
    ...checkTenants(parts.tenants ?? [], parts.network).map((one) => ({ ...one, path: ['tenants', ...one.path] })),
    ...repeated(parts.controlPlane?.type ?? [], ['controlPlane', 'type'], 'is listed twice'),
    ...repeated(parts.provider?.residency ?? [], ['provider', 'residency'], 'is listed twice'),
    ...repeated(parts.api?.allow ?? [], ['kubernetes', 'api', 'allow'], 'is listed twice'),
    ...repeated(parts.ssh?.allow ?? [], ['ssh', 'allow'], 'is listed twice'),
  ];
}

function machineCount({ controlPlane, pools }: SpecParts): number {
  return (
    (controlPlane?.count ?? 1) + (pools ?? []).reduce((sum, pool) => sum + (pool.autoscale?.max ?? pool.count ?? 1), 0)
  );
}

const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(parseRange);
/** Carrier-grade NAT: never routed on the internet, often used for pods. */
const sharedRange = parseRange('100.64.0.0/10');

function isPrivate(text: string, alsoShared: boolean): boolean {
  const range = parseRange(text);
  const allowed = alsoShared ? [...privateRanges, sharedRange] : privateRanges;
  return range !== undefined && allowed.some((outer) => outer !== undefined && within(range, outer));
}

/** Ranges: private, large enough, apart from each other. */
export function checkNetwork(network: NonNullable<SpecParts['network']>, machines: number): SpecProblem[] {
  const problems: SpecProblem[] = [];
  const say = (key: keyof typeof network, message: string) =>
    problems.push({ path: ['network', key], message, value: network[key] ?? '' });
  const range = network.range === undefined ? undefined : parseRange(network.range);
  const pods = network.pods === undefined ? undefined : parseRange(network.pods);
  const services = network.services === undefined ? undefined : parseRange(network.services);

  if (range) {
    if (!isPrivate(range.text, false))
      say('range', 'a private range: inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16');
    // Gateway, network, broadcast and the API load balancer have addresses too.
    const room = 2 ** (32 - range.prefix) - 4;
    if (range.prefix > 24) say('range', 'at least a /24, so that machines can be added and replaced later');
    else if (machines > room)
      say('range', `a larger range: this has room for ${room} machines, and ${machines} are asked for`);
  }
  if (pods) {
    if (!isPrivate(pods.text, true))
      say('pods', 'a private range, so that no address of the internet is hidden from pods');
    // Kubernetes gives each node a /24 of it, and refuses more than 16 bits of nodes.
    const nodes = pods.prefix > 24 ? 0 : 2 ** (24 - pods.prefix);
    if (pods.prefix < 8) say('pods', 'at most a /8: Kubernetes takes no more');
    else if (nodes < machines)
      say('pods', `a larger range: each node takes a /24, this holds ${nodes}, and ${machines} machines are asked for`);
  }
  if (services) {
    if (!isPrivate(services.text, true))
      say('services', 'a private range, so that no address of the internet is hidden from pods');
    if (services.prefix < 12) say('services', 'at most a /12: Kubernetes takes no more');
    else if (services.prefix > 24) say('services', 'at least a /24: each service takes one address');
  }
  const named = [
    ['range', range],
    ['pods', pods],
    ['services', services],
  ] as const;
  named.forEach(([key, later], index) => {
    for (const [earlierKey, earlier] of named.slice(0, index))
      if (later && earlier && overlap(later, earlier))
        say(key, `a range apart from network.${earlierKey} (${earlier.text}): they overlap`);
  });
  return problems;
}

/** Names, labels, taints and types of pools. */
export function checkPools(pools: readonly Loose<PoolSpec>[]): SpecProblem[] {
  const problems: SpecProblem[] = [];
  const seen = new Map<string, number>();
  pools.forEach((pool, index) => {
    const at = (...rest: (string | number)[]) => ['pools', index, ...rest];
    if (pool.name !== undefined) {
      const first = seen.get(pool.name);
      if (first === undefined) seen.set(pool.name, index);
      else
        problems.push({ path: at('name'), message: `a name of its own: pools[${first}] is called ${pool.name} too` });
    }
    for (const key of Object.keys(pool.labels ?? {})) {
      const reason = reservedLabel(key);
      if (reason) problems.push({ path: at('labels', key), message: reason, atKey: true });
    }
    const { min, max } = pool.autoscale ?? { min: 0, max: 0 };
    if (min > max) problems.push({ path: at('autoscale', 'min'), message: `at most the maximum, ${max}` });
    const taints = new Set<string>();
    (pool.taints ?? []).forEach((taint, position) => {
      const path = at('taints', position, 'key');
      const id = `${taint.key}:${taint.effect}`;
      if (taints.has(id)) problems.push({ path, message: `one taint per key and effect: ${id} is listed twice` });
      taints.add(id);
      if (/^node\.(cloudprovider\.)?kubernetes\.io\//.test(taint.key))
        problems.push({ path, message: 'a key of your own: Kubernetes sets and removes this taint by itself' });
    });
    problems.push(...repeated(pool.type ?? [], at('type'), 'is listed twice'));
  });
  return problems;
}

/** Why a node label may not be chosen; undefined when it may. */
export function reservedLabel(key: string): string | undefined {
  const [prefix = ''] = key.includes('/') ? key.split('/') : [];
  if ((Object.values(labelKeys) as string[]).includes(key))
    return 'reserved: Slipway finds its own machines by this label';
  const inside = (domain: string) => prefix === domain || prefix.endsWith(`.${domain}`);
  if (key === 'node.kubernetes.io/instance-type') return 'reserved: the cloud controller sets this label';
  if (inside('node.kubernetes.io') || inside('kubelet.kubernetes.io')) return undefined;
  if (inside('kubernetes.io') || inside('k8s.io'))
    return 'reserved: kubelet refuses labels of kubernetes.io and k8s.io that it does not know; use a prefix of your own';
  return undefined;
}

/** Locations: none twice, and none outside the provider's list. */
export function checkLocations({ provider, controlPlane, pools = [] }: SpecParts): SpecProblem[] {
  const allowed = provider?.locations;
  const inside = (locations: readonly string[] | undefined, path: (string | number)[]): SpecProblem[] => [
    ...repeated(locations ?? [], path, 'is listed twice'),
    ...(locations ?? []).flatMap((location, index) =>
      allowed === undefined || allowed.includes(location)
        ? []
        : [{ path: [...path, index], message: `one of provider.locations: ${allowed.join(', ')}` }],
    ),
  ];
  return [
    ...repeated(allowed ?? [], ['provider', 'locations'], 'is listed twice'),
    ...inside(controlPlane?.locations, ['controlPlane', 'locations']),
    ...pools.flatMap((pool, index) => inside(pool.locations, ['pools', index, 'locations'])),
  ];
}

/** Hosts: none twice, enough for what is asked, and a country for each where residency asks for one. */
export function checkHosts(parts: SpecParts): SpecProblem[] {
  const { hosts, residency } = parts.provider ?? {};
  if (!hosts) return [];
  const at = (index: number, key: string) => ['provider', 'hosts', index, key];
  const endpoints = hosts.map(({ address, port }) => `${address}:${port}`);
  const inside = hosts.map((host) => host.privateAddress ?? host.address);
  const twice = (values: readonly string[], key: string): SpecProblem[] =>
    values.flatMap((value, index) => {
      const first = values.indexOf(value);
      if (first === index) return [];
      return [{ path: at(index, key), message: `one of its own: ${value} is hosts[${first}]’s too` }];
    });
  const desired = machineCount(parts);
  return [
    ...twice(
      hosts.map(({ name }) => name),
      'name',
    ),
    ...twice(endpoints, 'address'),
    ...twice(inside, 'privateAddress').filter(({ path }) => hosts[Number(path[2])]?.privateAddress !== undefined),
    ...(desired > hosts.length
      ? [{ path: ['provider', 'hosts'], message: `at least ${desired} hosts, as many as machines are asked for` }]
      : []),
    ...hosts.flatMap((host, index) => {
      if (parts.api?.address !== undefined && inside[index] === parts.api.address)
        return [{ path: ['kubernetes', 'api', 'address'], message: `an address of its own: ${host.name} has it` }];
      if (residency && host.country === undefined)
        return [
          { path: ['provider', 'hosts', index], message: `${host.name} needs a country, since residency asks for it` },
        ];
      if (residency && host.country !== undefined && !residency.includes(host.country))
        return [{ path: at(index, 'country'), message: `one of provider.residency: ${residency.join(', ')}` }];
      return [];
    }),
  ];
}

function repeated(values: readonly string[], path: readonly (string | number)[], reason: string): SpecProblem[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) === index ? [] : [{ path: [...path, index], message: `each only once: ${value} ${reason}` }],
  );
}
