import { createdBefore } from '../../../src/provider/kit/infrastructure.js';
import type {
  CallOptions,
  ClusterRequest,
  InfrastructureIds,
  InfrastructureResource,
  CreatedResource,
} from '../../../src/provider/port.js';
import type { Hetzner } from '../context.js';
import type { ProjectInventory } from '../project-inventory.js';
import type { WireFirewallRule } from '../wire.js';

/** What a resource shall be, so that `ensure` needs nothing but the resource. */
export type Desired =
  | { readonly kind: 'ssh-key'; readonly publicKey: string; readonly fingerprint: string }
  | { readonly kind: 'network'; readonly range: string; readonly zone: string }
  | { readonly kind: 'firewall'; readonly rules: readonly WireFirewallRule[] }
  | { readonly kind: 'placement' }
  | { readonly kind: 'api-balancer'; readonly location: string; readonly selector: string };

/** A resource of ours: the port's, and what `ensure` will need to know. */
export interface HetznerResource<W extends Desired = Desired> extends InfrastructureResource {
  readonly desired: W;
  readonly clusterId: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type Ensure<W extends Desired> = (
  hetzner: Hetzner,
  resource: HetznerResource<W>,
  made: InfrastructureIds,
  options: CallOptions,
) => Promise<CreatedResource>;

export interface PlanInput {
  readonly request: ClusterRequest;
  readonly found: ProjectInventory;
  readonly zone: string;
}

export function isHetznerResource(resource: InfrastructureResource): resource is HetznerResource {
  return 'desired' in resource && 'clusterId' in resource && 'labels' in resource;
}

/** The id that another resource was made with. */
export const madeId = (made: InfrastructureIds, resourceId: string): number =>
  Number(createdBefore(made, resourceId).id);
