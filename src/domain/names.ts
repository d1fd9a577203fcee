import { createHash } from 'node:crypto';

import type { ClusterRef, Slot } from './machine.js';

const alphabet = 'bcdfghjkmnpqrstvwxz23456789'; // no vowels: no words; no 0, 1, l: nothing to misread

/** Five characters that are the same each time for the same cluster, pool, slot and generation. */
export function nameSuffix(clusterId: string, slot: Slot): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([clusterId, slot.pool, placeOf(slot), slot.generation]))
    .digest();
  return Array.from(digest.subarray(0, 5), (byte) => alphabet[byte % alphabet.length]).join('');
}

/**
 * The machine's name at the provider and in Kubernetes. Computed, never drawn: a run that was killed while a create
 * was under way asks for the very same name again.
 */
export function machineName(cluster: ClusterRef, slot: Slot): string {
  return `${cluster.name}-${slot.pool}-${placeOf(slot)}-${nameSuffix(cluster.id, slot)}`;
}

const placeOf = ({ slot, standby }: Pick<Slot, 'slot' | 'standby'>): number | string =>
  standby === undefined ? slot : `s${slot}`;

/** How plans and progress call a slot: `web-2`, and that of a standby `web-s2`. */
export const slotLabel = (slot: Pick<Slot, 'pool' | 'slot' | 'standby'>): string => `${slot.pool}-${placeOf(slot)}`;
