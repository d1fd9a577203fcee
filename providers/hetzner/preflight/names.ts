import { machineNameProblems } from '../../../src/provider/kit/machine-names.js';
import { isOurs, type NamedResource, nameTaken } from '../../../src/provider/kit/ownership.js';
import type { ClusterRequest, Problem } from '../../../src/provider/port.js';
import { names, account } from '../names.js';
import { desiredGroups } from '../infrastructure/placement.js';
import { fingerprintOf, keyTaken, matchKey } from '../infrastructure/ssh-key.js';
import type { Facts } from './facts.js';

/** Longest name of a server: an RFC 1123 host name. */
export const nameLimit = 63;
/** Longest name of a network or firewall. */
const resourceNameLimit = 128;

/** Names that Hetzner would not take, and names that belong to something that is not ours. */
export function nameProblems(request: ClusterRequest, facts: Facts): Problem[] {
  return [...badNames(request), ...taken(request, facts), ...keyProblem(request, facts)];
}

function badNames(request: ClusterRequest): Problem[] {
  const { cluster } = request;
  return [
    ...machineNameProblems(request, { title: 'Hetzner', nameLimit }),
    ...(names.firewall(cluster.name).length > resourceNameLimit
      ? [
          {
            code: 'NAME_TOO_LONG',
            kind: 'usage',
            message: `The cluster's name has ${cluster.name.length} characters, too many for names made from it.`,
            hint: 'Shorten the name of the cluster.',
          } as const,
        ]
      : []),
  ];
}

function taken({ cluster, machines }: ClusterRequest, { servers, found }: Facts): Problem[] {
  const foreign = (kind: string, things: readonly NamedResource[], desired: readonly string[]): Problem[] => {
    const set = new Set(desired);
    return things
      .filter((thing) => set.has(thing.name) && !isOurs(thing, cluster.id))
      .map((thing) => ({ code: 'NAME_TAKEN', kind: 'refused', ...nameTaken(account, kind, thing) }));
  };
  const groups = desiredGroups(machines).map(({ pool, group }) => names.placement(cluster.name, pool, group));
  const balanced = machines.filter((machine) => machine.role === 'control-plane').length > 1;
  return [
    ...foreign(
      'server',
      servers,
      machines.map((machine) => machine.name),
    ),
    ...foreign('network', found.networks, [names.network(cluster.name)]),
    ...foreign('firewall', found.firewalls, [names.firewall(cluster.name)]),
    ...foreign('placement group', found.placementGroups, groups),
    ...foreign('load balancer', found.loadBalancers, balanced ? [names.apiBalancer(cluster.name)] : []),
  ];
}

/** Hetzner takes each public key once per project, whatever its name. */
function keyProblem({ cluster, sshPublicKey }: ClusterRequest, { found }: Facts): Problem[] {
  const name = names.sshKey(cluster.name);
  const { same, named } = matchKey(found.sshKeys, name, fingerprintOf(sshPublicKey));
  if (same && !isOurs(same, cluster.id)) return [{ code: 'SSH_KEY_TAKEN', kind: 'refused', ...keyTaken(same) }];
  if (!same && named && !isOurs(named, cluster.id)) {
    return [{ code: 'NAME_TAKEN', kind: 'refused', ...nameTaken(account, 'SSH key', named) }];
  }
  return [];
}
