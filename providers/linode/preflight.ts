import ipaddr from 'ipaddr.js';
import { z } from 'zod';

import { hasCode } from '../../src/http/api/errors.js';
import { imageProblems, locationProblems, typeProblems } from '../../src/provider/kit/catalog-problems.js';
import { machineNameProblems } from '../../src/provider/kit/machine-names.js';
import { isOurs, type NamedResource, nameTaken } from '../../src/provider/kit/ownership.js';
import type { CallOptions, ClusterRequest, Problem } from '../../src/provider/port.js';
import { isApi } from './api-balancer.js';
import { readCatalog } from './catalog.js';
import { managedProblems } from './lke-preflight.js';
import { account, labelLimit, type Linode, listOf, named, names } from './context.js';
import { type Inventory, readInventory } from './inventory.js';
import { listInstances } from './machines.js';
import { imageShape, type WireInstance } from './wire.js';

/** Longest name of a machine: a Kubernetes node's; a Linode's may have one more. */
export const nameLimit = 63;
const rangesPerRule = 255;
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/17'];

/** Whether the token lets us work, asked without changing anything: nothing has the id 0. */
export async function checkToken({ api }: Linode, options: CallOptions): Promise<Problem | undefined> {
  const problem = (code: Problem['code'], message: string): Problem => ({
    ...{ code, kind: 'usage', message },
    hint: 'Make one with read and write access (Cloud Manager, API Tokens) and set LINODE_TOKEN to it.',
  });
  try {
    await api.delete('/linode/instances/0', z.unknown(), options);
  } catch (error) {
    if (hasCode(error, 'token_rejected'))
      return problem('TOKEN_REJECTED', 'Linode does not know the API token in LINODE_TOKEN.');
    if (hasCode(error, 'out_of_scope')) return problem('TOKEN_READ_ONLY', 'The Linode API token can only read.');
    if (!hasCode(error, 'invalid')) throw error;
  }
  return undefined;
}

/** All problems at once; with a token that does not work there is nothing else to see. */
export async function preflight(linode: Linode, request: ClusterRequest, options: CallOptions): Promise<Problem[]> {
  const token = await checkToken(linode, options);
  if (token?.code === 'TOKEN_REJECTED') return [token];
  if (request.managed) return [...(token ? [token] : []), ...(await managedProblems(linode, request, options))];
  const [catalog, images, instances, found] = await Promise.all([
    readCatalog(linode, options),
    listOf(linode, '/images', imageShape, options),
    listInstances(linode, undefined, options),
    readInventory(linode, options),
  ]);
  const market = { title: 'Linode', catalog, now: linode.clock.now() };
  const existing = new Set(instances.map(({ label }) => label));
  const builds = images
    .filter(({ capabilities }) => capabilities.includes('cloud-init'))
    .map(({ id, status }) => ({ id, name: id, architecture: 'amd64' as const, available: status === 'available' }));
  return [
    ...(token ? [token] : []),
    ...locationProblems(request, market),
    ...typeProblems(request, market, existing),
    ...imageProblems(request, market, builds, existing),
    ...machineNameProblems(request, { title: 'Linode', nameLimit }),
    ...nameProblems(request, instances, found),
    ...networkProblems(request, found),
    ...rangeProblems(request),
  ];
}

function nameProblems(
  { cluster, machines }: ClusterRequest,
  instances: readonly WireInstance[],
  found: Inventory,
): Problem[] {
  const balanced = machines.filter(({ role }) => role === 'control-plane').length > 1;
  const foreign = (kind: string, things: readonly NamedResource[], desired: readonly string[]): Problem[] =>
    things
      .filter((thing) => desired.includes(thing.name) && !isOurs(thing, cluster.id))
      .map((thing) => ({ code: 'NAME_TAKEN', kind: 'refused', ...nameTaken(account, kind, thing) }));
  const tooLong: Problem = {
    ...{ code: 'NAME_TOO_LONG', kind: 'usage', hint: 'Shorten the name of the cluster.' },
    message: `The cluster's name has ${cluster.name.length} characters; Linode takes ${labelLimit} for names made from it.`,
  };
  return [
    ...(names.firewall(cluster).length > labelLimit ? [tooLong] : []),
    ...foreign(
      'Linode',
      instances.map(named),
      machines.map(({ name }) => name),
    ),
    ...foreign('VPC', found.vpcs, [names.network(cluster)]),
    ...foreign('firewall', found.firewalls, [names.firewall(cluster), ...(balanced ? [names.api(cluster)] : [])]),
    ...foreign(
      'NodeBalancer',
      found.balancers.filter((one) => !isApi(one)),
      balanced ? [names.api(cluster)] : [],
    ),
  ];
}

/** What the VPC could not be, or can't become. */
function networkProblems({ networkRange: range, cluster, locations }: ClusterRequest, { vpcs }: Inventory): Problem[] {
  const path = 'network.range';
  const isIn = (outer: string): boolean => {
    const [address, bits] = ipaddr.IPv4.parseCIDR(range);
    const [base, length] = ipaddr.IPv4.parseCIDR(outer);
    return bits >= length && bits <= 24 && address.match(base, length);
  };
  if (!ipaddr.IPv4.isValidCIDR(range) || !privateRanges.some(isIn)) {
    const hint = 'Use a range of /24 or larger within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/17.';
    return [{ code: 'NETWORK_RANGE', kind: 'usage', message: `Linode can't make a VPC of ${range}.`, hint, path }];
  }
  const own = vpcs.find((one) => isOurs(one, cluster.id));
  const has = own?.subnets[0]?.ipv4 ?? range;
  const region = locations[0] ?? own?.region;
  return [
    ...(has === range
      ? []
      : [
          {
            code: 'NETWORK_RANGE_CHANGED',
            kind: 'refused',
            path,
            message: `The VPC ${own?.label} has the range ${has}, and can't change to ${range}.`,
            hint: `Set network.range to ${has}.`,
          } as const,
        ]),
    ...(!own || own.region === region
      ? []
      : [
          {
            code: 'NETWORK_ZONE_CHANGED',
            kind: 'refused',
            path: 'provider.locations',
            message: `The VPC ${own.label} is in ${own.region}, and can't move to ${region}.`,
            hint: `Keep to ${own.region}, or make another cluster in ${region}.`,
          } as const,
        ]),
  ];
}

const rangeProblems = ({ sshAllow, apiAllow }: ClusterRequest): Problem[] =>
  (
    [
      ['ssh.allow', sshAllow],
      ['kubernetes.api.allow', apiAllow],
    ] as const
  )
    .filter(([, allow]) => allow.length > rangesPerRule)
    .map(([path, allow]) => ({
      ...{ code: 'TOO_MANY_RANGES', kind: 'usage', path },
      message: `${path} has ${allow.length} ranges; a Linode firewall rule takes ${rangesPerRule}.`,
      hint: 'Join neighbouring ranges into larger ones.',
    }));
