import { z } from 'zod';

import type { HealedBy } from '../../../domain/index.js';
import type { Kube, KubeOptions } from '../../../kube/types.js';

const ref = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'slipway-heal', namespace: 'kube-system' },
} as const;

/** How long it is remembered what was done. */
const keptMs = 24 * 3_600_000;

const entry = z.object({
  place: z.string(),
  did: z.enum(['reboot', 'replace', 'join', 'add', 'remove']),
  machine: z.string(),
  at: z.iso.datetime(),
});
const shape = z.looseObject({ data: z.object({ actions: z.string() }) });

/** Something that was begun for a place. */
export interface HealedPlace {
  readonly place: string;
  readonly did: HealedBy;
  /** The provider's id of the machine that it was done to; empty: it was gone. */
  readonly machine: string;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * What was done lately, whoever did it: it is kept in the cluster, so that a desk, a timer and a watch on another computer
 * don't reboot and replace one another's machines.
 */
export async function healedPlaces(kube: Pick<Kube, 'get'>, options: KubeOptions): Promise<readonly HealedPlace[]> {
  const text = shape.safeParse(await kube.get(ref, options)).data?.data.actions;
  return z.array(entry).safeParse(parsed(text)).data ?? [];
}

/** What is done again to the same machine after a run that was stopped counts once. */
export async function rememberHealed(
  kube: Pick<Kube, 'get' | 'apply'>,
  begun: readonly HealedPlace[],
  now: number,
  options: KubeOptions,
): Promise<void> {
  const before = await healedPlaces(kube, options);
  const isRepeated = ({ did, machine }: HealedPlace): boolean =>
    (did === 'replace' || did === 'remove') &&
    machine !== '' &&
    before.some((one) => one.did === did && one.machine === machine);
  const all = [...before, ...begun.filter((one) => !isRepeated(one))];
  const kept = all.filter(({ at }) => now - Date.parse(at) < keptMs);
  await kube.apply({ ...ref, data: { actions: JSON.stringify(kept) } }, { ...options, force: true });
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
}
