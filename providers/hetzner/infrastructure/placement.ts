import { z } from 'zod';

import { createNamed } from '../../../src/provider/kit/create-named.js';
import { isOurs, nameTakenError } from '../../../src/provider/kit/ownership.js';
import { labelKeys } from '../../../src/domain/labels.js';
import { clusterLabels } from '../../../src/domain/labels.js';
import type { CallOptions, MachineRequest } from '../../../src/provider/port.js';
import { type Hetzner, waits } from '../context.js';
import { names, resourceIds, placementGroupOf, placementGroupSize, account } from '../names.js';
import { placementGroupShape, type WirePlacementGroup } from '../wire.js';
import { type Ensure, type HetznerResource, type PlanInput } from './resource.js';

type Desired = { readonly kind: 'placement' };

const answer = z.object({ placement_group: placementGroupShape });

/** Pools and the numbers of their groups, each once, in the order of the machines. */
export function desiredGroups(
  machines: readonly MachineRequest[],
): { readonly pool: string; readonly group: number }[] {
  const groups = new Map(
    machines.map((machine) => {
      const group = placementGroupOf(machine);
      return [resourceIds.placement(machine.pool, group), { pool: machine.pool, group }] as const;
    }),
  );
  return [...groups.values()];
}

export function planPlacement({ request, found }: PlanInput): HetznerResource<Desired>[] {
  const { cluster } = request;
  return desiredGroups(request.machines).map(({ pool, group }) => {
    const name = names.placement(cluster.name, pool, group);
    const named = found.placementGroups.find((one) => one.name === name);
    if (named && !isOurs(named, cluster.id)) throw nameTakenError(account, 'placement group', named);
    return {
      id: resourceIds.placement(pool, group),
      name,
      text: `create placement group ${name}: up to ${placementGroupSize} machines on different hosts`,
      state: named ? 'present' : 'missing',
      needs: [],
      ...(named ? { ready: { id: String(named.id) } } : {}),
      desired: { kind: 'placement' },
      clusterId: cluster.id,
      labels: { ...clusterLabels(cluster), [labelKeys.pool]: pool },
    };
  });
}

export const ensurePlacement: Ensure<Desired> = async (hetzner, resource, _made, options) => {
  const group = await ensureGroup(hetzner, resource, options);
  return { id: String(group.id) };
};

async function ensureGroup(
  hetzner: Hetzner,
  { name, labels, clusterId, state }: Pick<HetznerResource, 'name' | 'labels' | 'clusterId' | 'state'>,
  options: CallOptions,
): Promise<WirePlacementGroup> {
  const { api } = hetzner;
  const find = async (): Promise<WirePlacementGroup | undefined> =>
    (await api.list('/placement_groups', 'placement_groups', placementGroupShape, options, { name }))[0];
  const existing = state === 'missing' ? undefined : await find();
  const group =
    existing ??
    (await createNamed(
      waits(hetzner, options),
      async () =>
        (await api.post('/placement_groups', { name, labels, type: 'spread' }, answer, options)).placement_group,
      find,
    ));
  if (!isOurs(group, clusterId)) throw nameTakenError(account, 'placement group', group);
  return group;
}

/**
 * A group of the machine's pool with a free seat, made when there is none. Needed while a machine is being replaced:
 * for that time its pool has one machine more than its slots.
 */
export async function spareGroup(hetzner: Hetzner, machine: MachineRequest, options: CallOptions): Promise<number> {
  const { [labelKeys.clusterId]: clusterId = '', [labelKeys.cluster]: cluster = '' } = machine.labels;
  const selector = `${labelKeys.clusterId}=${clusterId},${labelKeys.pool}=${machine.pool}`;
  const query = { label_selector: selector };
  const groups = await hetzner.api.list('/placement_groups', 'placement_groups', placementGroupShape, options, query);
  const free = groups.find((group) => group.servers.length < placementGroupSize);
  if (free) return free.id;
  const taken = new Set(groups.map((group) => group.name));
  let number = 1;
  while (taken.has(names.placement(cluster, machine.pool, number))) number += 1;
  const labels = { ...clusterLabels({ id: clusterId, name: cluster }), [labelKeys.pool]: machine.pool };
  const name = names.placement(cluster, machine.pool, number);
  return (await ensureGroup(hetzner, { name, labels, clusterId, state: 'missing' }, options)).id;
}
