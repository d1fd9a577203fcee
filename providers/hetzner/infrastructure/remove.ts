import { z } from 'zod';

import { hasCode } from '../../../src/http/api/errors.js';
import type { ClusterRef } from '../../../src/domain/machine.js';
import { UnexpectedError } from '../../../src/errors/index.js';
import type { CallOptions, ExistingResource } from '../../../src/provider/port.js';
import type { Hetzner } from '../context.js';
import { selectorOf, serviceLabel } from '../names.js';
import { removeResource } from '../remove.js';
import { projectInventory } from '../project-inventory.js';
import { actionShape, primaryIpShape } from '../wire.js';

/** Where each kind lives, in an order in which they can be removed. */
const kinds = {
  'load balancer': '/load_balancers',
  firewall: '/firewalls',
  'placement group': '/placement_groups',
  network: '/networks',
  'SSH key': '/ssh_keys',
  'primary IP': '/primary_ips',
} as const;

type Kind = keyof typeof kinds;

const pathOf = (kind: string): string | undefined => (kind in kinds ? kinds[kind as Kind] : undefined);

/** Everything with the cluster's label but its servers, also when no server is left. */
export async function listInfrastructure(
  hetzner: Hetzner,
  cluster: ClusterRef,
  options: CallOptions,
): Promise<ExistingResource[]> {
  const selector = selectorOf(cluster);
  const [found, addresses] = await Promise.all([
    projectInventory(hetzner, options, selector),
    hetzner.api.list('/primary_ips', 'primary_ips', primaryIpShape, options, { label_selector: selector }),
  ]);
  const items = (kind: Kind, things: readonly { id: number; name: string }[]): ExistingResource[] =>
    things.map(({ id, name }) => ({ kind, id: String(id), name }));
  return [
    // One of a Service has our label too once it is marked; it is among what the cluster made.
    ...items(
      'load balancer',
      found.loadBalancers.filter(({ labels }) => labels[serviceLabel] === undefined),
    ),
    ...items('firewall', found.firewalls),
    ...items('placement group', found.placementGroups),
    ...items('network', found.networks),
    ...items('SSH key', found.sshKeys),
    ...items('primary IP', addresses),
  ];
}

const actionAnswer = z.object({ action: actionShape });

/** Resolves once the item is gone. Something that is still used by a server on its way out is waited for. */
export async function removeItem(hetzner: Hetzner, item: ExistingResource, options: CallOptions): Promise<void> {
  const path = pathOf(item.kind);
  if (path === undefined) {
    throw new UnexpectedError(`Hetzner Cloud has no ${item.kind} that Slipway could remove.`, {
      code: 'UNKNOWN_KIND',
      hint: 'This is a fault of Slipway; please report it.',
    });
  }
  if (item.kind === 'primary IP') await unassign(hetzner, item.id, options);
  await removeResource(hetzner, `${path}/${item.id}`, ['resource_in_use', 'must_be_unassigned'], options);
}

async function unassign(hetzner: Hetzner, id: string, options: CallOptions): Promise<void> {
  const answer = z.object({ primary_ip: primaryIpShape });
  const found = await hetzner.api.find(`/primary_ips/${id}`, answer, options);
  if (typeof found?.primary_ip.assignee_id !== 'number') return;
  try {
    const { action } = await hetzner.api.postAgain(
      `/primary_ips/${id}/actions/unassign`,
      undefined,
      actionAnswer,
      options,
    );
    await hetzner.actions.wait([action], options);
  } catch (error) {
    if (!hasCode(error, 'not_found', 'primary_ip_not_assigned')) throw error;
  }
}
