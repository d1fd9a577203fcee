import type {
  CallOptions,
  ClusterRequest,
  InfrastructureIds,
  InfrastructureResource,
  CreatedResource,
} from '../../../src/provider/port.js';
import { UnexpectedError } from '../../../src/errors/index.js';
import type { Hetzner } from '../context.js';
import { isOurs, nameTakenError } from '../names.js';
import type { ProjectInventory } from '../project-inventory.js';
import type { WireFirewallRule } from '../wire.js';

/** What a piece shall be, so that `ensure` needs nothing but the piece. */
export type Desired =
  | { readonly kind: 'ssh-key'; readonly publicKey: string; readonly fingerprint: string }
  | { readonly kind: 'network'; readonly range: string; readonly zone: string }
  | { readonly kind: 'firewall'; readonly rules: readonly WireFirewallRule[] }
  | { readonly kind: 'placement' }
  | { readonly kind: 'api-balancer'; readonly location: string; readonly selector: string };

/** A piece of ours: the port's, and what `ensure` will need to know. */
export interface HetznerPiece<W extends Desired = Desired> extends InfrastructureResource {
  readonly desired: W;
  readonly clusterId: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type Ensure<W extends Desired> = (
  hetzner: Hetzner,
  piece: HetznerPiece<W>,
  made: InfrastructureIds,
  options: CallOptions,
) => Promise<CreatedResource>;

export interface PlanInput {
  readonly request: ClusterRequest;
  readonly found: ProjectInventory;
  readonly zone: string;
}

export function isHetznerPiece(piece: InfrastructureResource): piece is HetznerPiece {
  return 'desired' in piece && 'clusterId' in piece && 'labels' in piece;
}

interface Named {
  readonly id: number;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Ours among things of one kind: the one with the name, or else any with our label (a person may have renamed it).
 * @throws RefusedError code NAME_TAKEN when the name belongs to something that is not ours.
 */
export function ourOwn<T extends Named>(
  kind: string,
  things: readonly T[],
  name: string,
  clusterId: string,
): T | undefined {
  const ours = things.filter((thing) => isOurs(thing, clusterId));
  const own = ours.find((thing) => thing.name === name) ?? ours[0];
  const foreign = things.find((thing) => thing.name === name && !isOurs(thing, clusterId));
  if (!own && foreign) throw nameTakenError(kind, name, foreign.id);
  return own;
}

/** The id that another piece was made with. */
export function madeId(made: InfrastructureIds, pieceId: string): number {
  const resource = made.get(pieceId);
  if (!resource) {
    throw new UnexpectedError(`The piece ${pieceId} was not made before something that stands on it.`, {
      code: 'FOUNDATION_ORDER',
      hint: 'This is a fault of Slipway; please report it.',
    });
  }
  return Number(resource.id);
}
