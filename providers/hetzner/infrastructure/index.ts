import { hasCode } from '../../../src/http/api/errors.js';
import { IncompleteError, UnexpectedError } from '../../../src/errors/index.js';
import type { ClusterRequest, Infrastructure, InfrastructureIds, CreatedResource } from '../../../src/provider/port.js';
import type { CallOptions } from '../../../src/provider/port.js';
import { listLocations } from '../catalog.js';
import type { Hetzner } from '../context.js';
import { resourceIds, placementGroupOf } from '../names.js';
import { projectInventory } from '../project-inventory.js';
import type { WireLocation } from '../wire.js';
import { ensureApiBalancer, planApiBalancer } from './api-balancer.js';
import { ensureFirewall, planFirewall } from './firewall.js';
import { ensureNetwork, planNetwork } from './network.js';
import { isHetznerResource, type HetznerResource, type PlanInput } from './resource.js';
import { ensurePlacement, planPlacement } from './placement.js';
import { listInfrastructure, removeItem } from './remove.js';
import { ensureSshKey, planSshKey } from './ssh-key.js';

/** The resources that a request wants, in an order in which they can be made. */
export function planResources(input: PlanInput): HetznerResource[] {
  const network = planNetwork(input);
  const balancer = planApiBalancer(input, network);
  return [planSshKey(input), network, planFirewall(input), ...planPlacement(input), ...(balancer ? [balancer] : [])];
}

/** The network zone of the request's first location; preflight refuses requests that span several. */
function zoneOf({ locations, machines }: ClusterRequest, known: readonly WireLocation[]): string {
  const name = locations[0] ?? machines[0]?.location;
  return known.find((location) => location.name === name)?.network_zone ?? '';
}

export function infrastructure(hetzner: Hetzner): Infrastructure {
  return {
    async plan(request, options) {
      const [found, known] = await Promise.all([projectInventory(hetzner, options), listLocations(hetzner, options)]);
      return planResources({ request, found, zone: zoneOf(request, known) });
    },

    async ensure(resource, made, options) {
      if (!isHetznerResource(resource)) {
        throw new UnexpectedError(`The resource ${resource.id} was not planned by the Hetzner provider.`, {
          code: 'INFRASTRUCTURE_UNPLANNED',
          hint: 'This is a fault of Slipway; please report it.',
        });
      }
      try {
        return await ensureResource(hetzner, resource, made, options);
      } catch (error) {
        if (hasCode(error, 'resource_limit_exceeded')) throw limitReached(resource, error);
        throw error;
      }
    },

    neededBy(machine, resources) {
      const needed = new Set<string>([
        resourceIds.sshKey,
        resourceIds.network,
        resourceIds.firewall,
        resourceIds.placement(machine.pool, placementGroupOf(machine)),
      ]);
      return resources.filter(({ id }) => needed.has(id));
    },

    list: (cluster, options) => listInfrastructure(hetzner, cluster, options),
    remove: (item, options) => removeItem(hetzner, item, options),
  };
}

async function ensureResource(
  hetzner: Hetzner,
  resource: HetznerResource,
  made: InfrastructureIds,
  options: CallOptions,
): Promise<CreatedResource> {
  const { desired } = resource;
  switch (desired.kind) {
    case 'ssh-key':
      return ensureSshKey(hetzner, { ...resource, desired }, made, options);
    case 'network':
      return ensureNetwork(hetzner, { ...resource, desired }, made, options);
    case 'firewall':
      return ensureFirewall(hetzner, { ...resource, desired }, made, options);
    case 'placement':
      return ensurePlacement(hetzner, { ...resource, desired }, made, options);
    case 'api-balancer':
      return ensureApiBalancer(hetzner, { ...resource, desired }, made, options);
  }
}

const limitReached = (resource: HetznerResource, cause: unknown): IncompleteError =>
  new IncompleteError(`The limits of this Hetzner project do not allow what is next: ${resource.text}.`, {
    code: 'RESOURCE_LIMIT',
    hint: 'Ask for a higher limit in the Hetzner console (Limits), or delete what is no longer needed there, then run the same command again.',
    details:
      cause instanceof Error && 'details' in cause && Array.isArray(cause.details) ? cause.details.map(String) : [],
    cause,
  });
