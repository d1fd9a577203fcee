import type * as port from '../../src/provider/port.js';
import { type Linode, listOf, named } from './context.js';
import * as wire from './wire.js';

/** Everything in the account that an infrastructure could stand on or collide with. */
export async function readInventory(linode: Linode, options: port.CallOptions) {
  const [sshKeys, vpcs, firewalls, groups, balancers] = await Promise.all([
    listOf(linode, '/profile/sshkeys', wire.sshKeyShape, options),
    listOf(linode, '/vpcs', wire.vpcShape, options),
    listOf(linode, '/networking/firewalls', wire.firewallShape, options),
    listOf(linode, '/placement/groups', wire.groupShape, options),
    listOf(linode, '/nodebalancers', wire.balancerShape, options),
  ]);
  return { sshKeys, vpcs: vpcs.map(asNamed), firewalls: firewalls.map(named), groups, balancers: balancers.map(named) };
}
export type Inventory = Awaited<ReturnType<typeof readInventory>>;

/** A VPC has no tags; its description carries them. */
export const asNamed = (vpc: wire.WireVpc) => named({ ...vpc, tags: (vpc.description ?? '').split(' ') });

/** A resource of ours, and how it is made. */
export interface LinodeResource extends port.InfrastructureResource {
  readonly ensure: (
    linode: Linode,
    made: port.InfrastructureIds,
    options: port.CallOptions,
  ) => Promise<port.CreatedResource>;
  /** Of placement groups: how many machines they take. */
  readonly size?: number;
}
