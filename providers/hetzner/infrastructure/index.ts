import { hasCode } from '../../../src/http/api/errors.js';
import { IncompleteError, UnexpectedError } from '../../../src/errors/index.js';
import type { ClusterRequest, Infrastructure, InfrastructureIds, CreatedResource } from '../../../src/provider/port.js';
import type { CallOptions } from '../../../src/provider/port.js';
import { listLocations } from '../catalog.js';
import type { Hetzner } from '../context.js';
import { pieceIds, placementGroupOf } from '../names.js';
import { projectInventory } from '../project-inventory.js';
import type { WireLocation } from '../wire.js';
import { ensureApiBalancer, planApiBalancer } from './api-balancer.js';
import { ensureFirewall, planFirewall } from './firewall.js';
import { ensureNetwork, planNetwork } from './network.js';
import { isHetznerPiece, type HetznerPiece, type PlanInput } from './resource.js';
import { ensurePlacement, planPlacement } from './placement.js';
import { listInfrastructure, removeItem } from './remove.js';
import { ensureSshKey, planSshKey } from './ssh-key.js';

/** The pieces that a request wants, in an order in which they can be made. */
export function planPieces(input: PlanInput): HetznerPiece[] {
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
      return planPieces({ request, found, zone: zoneOf(request, known) });
    },

    async ensure(piece, made, options) {
      if (!isHetznerPiece(piece)) {
        throw new UnexpectedError(`The piece ${piece.id} was not planned by the Hetzner provider.`, {
          code: 'FOUNDATION_PIECE',
          hint: 'This is a fault of Slipway; please report it.',
        });
      }
      try {
        return await ensurePiece(hetzner, piece, made, options);
      } catch (error) {
        if (hasCode(error, 'resource_limit_exceeded')) throw limitReached(piece, error);
        throw error;
      }
    },

    neededBy(machine, pieces) {
      const needed = new Set<string>([
        pieceIds.sshKey,
        pieceIds.network,
        pieceIds.firewall,
        pieceIds.placement(machine.pool, placementGroupOf(machine)),
      ]);
      return pieces.filter(({ id }) => needed.has(id));
    },

    list: (cluster, options) => listInfrastructure(hetzner, cluster, options),
    remove: (item, options) => removeItem(hetzner, item, options),
  };
}

async function ensurePiece(
  hetzner: Hetzner,
  piece: HetznerPiece,
  made: InfrastructureIds,
  options: CallOptions,
): Promise<CreatedResource> {
  const { desired } = piece;
  switch (desired.kind) {
    case 'ssh-key':
      return ensureSshKey(hetzner, { ...piece, desired }, made, options);
    case 'network':
      return ensureNetwork(hetzner, { ...piece, desired }, made, options);
    case 'firewall':
      return ensureFirewall(hetzner, { ...piece, desired }, made, options);
    case 'placement':
      return ensurePlacement(hetzner, { ...piece, desired }, made, options);
    case 'api-balancer':
      return ensureApiBalancer(hetzner, { ...piece, desired }, made, options);
  }
}

const limitReached = (piece: HetznerPiece, cause: unknown): IncompleteError =>
  new IncompleteError(`The limits of this Hetzner project do not allow what is next: ${piece.text}.`, {
    code: 'RESOURCE_LIMIT',
    hint: 'Ask for a higher limit in the Hetzner console (Limits), or delete what is no longer needed there, then run the same command again.',
    details:
      cause instanceof Error && 'details' in cause && Array.isArray(cause.details) ? cause.details.map(String) : [],
    cause,
  });
