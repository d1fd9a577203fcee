import ipaddr from 'ipaddr.js';

import { isOurs } from '../../../src/provider/kit/ownership.js';
import type { ClusterRequest, Problem } from '../../../src/provider/port.js';
import { contains, heldElsewhere, rangeChanged, zoneChanged } from '../infrastructure/network.js';
import type { Facts } from './facts.js';

/** Ranges that a private network may be made of (RFC 1918). */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];
/** Ranges that one firewall rule takes. */
const rangesPerRule = 100;

/** What the private network and the firewall could not do for this cluster. */
export function networkProblems(request: ClusterRequest, facts: Facts): Problem[] {
  return [
    ...rangeProblem(request, facts),
    ...zoneProblem(request, facts),
    ...sizeProblem(request, facts),
    ...ruleProblems(request),
  ];
}

function rangeProblem({ networkRange: range, cluster }: ClusterRequest, { found }: Facts): Problem[] {
  const path = 'network.range';
  if (
    !ipaddr.IPv4.isValidCIDR(range) ||
    !privateRanges.some((outer) => contains(outer, range)) ||
    Number(range.split('/')[1]) > 24
  ) {
    const hint = 'Use a range of /24 or larger within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.';
    return [
      {
        code: 'NETWORK_RANGE',
        kind: 'usage',
        message: `Hetzner can't make a private network of ${range}.`,
        hint,
        path,
      },
    ];
  }
  const own = found.networks.find((network) => isOurs(network, cluster.id));
  if (!own || contains(range, own.ip_range)) return [];
  return [{ code: 'NETWORK_RANGE_CHANGED', kind: 'refused', ...rangeChanged(own, range), path }];
}

/** A network that something is on stays in its zone; an empty one is moved. */
function zoneProblem({ cluster, locations, machines }: ClusterRequest, { found, locations: known }: Facts): Problem[] {
  const own = found.networks.find((network) => isOurs(network, cluster.id));
  const first = locations[0] ?? machines[0]?.location;
  const zone = known.find(({ name }) => name === first)?.network_zone;
  if (!own || zone === undefined) return [];
  const held = heldElsewhere(own, zone, found.loadBalancers, cluster);
  if (held.length === 0) return [];
  const text = zoneChanged(own, zone, held, cluster.name);
  return [{ code: 'NETWORK_ZONE_CHANGED', kind: 'refused', ...text, path: 'provider.location' }];
}

function sizeProblem({ machines }: ClusterRequest, { networkLimit }: Facts): Problem[] {
  const balancers = machines.filter((machine) => machine.role === 'control-plane').length > 1 ? 1 : 0;
  const attached = machines.length + balancers;
  if (attached <= networkLimit) return [];
  return [
    {
      code: 'NETWORK_FULL',
      kind: 'refused',
      message:
        `The cluster would have ${attached} resources on its private network ` +
        `(${machines.length} machines${balancers > 0 ? ' and a load balancer' : ''}); Hetzner allows ${networkLimit}.`,
      hint: 'Use fewer, larger machines, or split the work over two clusters.',
    },
  ];
}

function ruleProblems({ sshAllow, apiAllow }: ClusterRequest): Problem[] {
  const check = (path: string, allow: readonly string[]): Problem[] =>
    allow.length <= rangesPerRule
      ? []
      : [
          {
            code: 'TOO_MANY_RANGES',
            kind: 'usage',
            message: `${path} has ${allow.length} ranges; a Hetzner firewall rule takes ${rangesPerRule}.`,
            hint: 'Join neighbouring ranges into larger ones.',
            path,
          },
        ];
  return [...check('ssh.allow', sshAllow), ...check('kubernetes.api.allow', apiAllow)];
}
