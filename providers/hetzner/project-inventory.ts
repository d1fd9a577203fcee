import type { CallOptions } from '../../src/provider/port.js';
import type { Hetzner } from './context.js';
import {
  firewallShape,
  loadBalancerShape,
  networkShape,
  placementGroupShape,
  sshKeyShape,
  type WireFirewall,
  type WireLoadBalancer,
  type WireNetwork,
  type WirePlacementGroup,
  type WireSshKey,
} from './wire.js';

/** Everything in the project that an infrastructure could stand on or collide with. */
export interface ProjectInventory {
  readonly sshKeys: readonly WireSshKey[];
  readonly networks: readonly WireNetwork[];
  readonly firewalls: readonly WireFirewall[];
  readonly placementGroups: readonly WirePlacementGroup[];
  readonly loadBalancers: readonly WireLoadBalancer[];
}

/** Looks at the whole project, or at what a label selector names: one request per kind and page. */
export async function projectInventory(
  { api }: Hetzner,
  options: CallOptions,
  selector?: string,
): Promise<ProjectInventory> {
  const query: Record<string, string> = selector === undefined ? {} : { label_selector: selector };
  const [sshKeys, networks, firewalls, placementGroups, loadBalancers] = await Promise.all([
    api.list('/ssh_keys', 'ssh_keys', sshKeyShape, options, query),
    api.list('/networks', 'networks', networkShape, options, query),
    api.list('/firewalls', 'firewalls', firewallShape, options, query),
    api.list('/placement_groups', 'placement_groups', placementGroupShape, options, query),
    api.list('/load_balancers', 'load_balancers', loadBalancerShape, options, query),
  ]);
  return { sshKeys, networks, firewalls, placementGroups, loadBalancers };
}
