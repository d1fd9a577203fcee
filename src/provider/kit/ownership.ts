import { compareText } from '../../domain/compare-text.js';
import { labelKeys, slotOf } from '../../domain/labels.js';
import type { ClusterRef, Slot } from '../../domain/machine.js';
import { RefusedError } from '../../errors/index.js';
import type { FoundCluster } from '../port.js';

type Labels = Readonly<Record<string, string>>;

/** What is asked of everything that has labels: whose it is. */
export interface Labelled {
  readonly labels: Labels;
}

export interface NamedResource extends Labelled {
  readonly id: number | string;
  readonly name: string;
}

/** How people of a provider call the space in which names are unique, and where they manage it. */
export interface AccountWords {
  /** `Hetzner project` */
  readonly account: string;
  /** `Hetzner console` */
  readonly console: string;
  /** `a project of its own` */
  readonly own: string;
}

export const isOurs = ({ labels }: Labelled, clusterId: string): boolean => labels[labelKeys.clusterId] === clusterId;

/** Text for something that has a name of ours and not our labels; the same in preflight and at the create. */
export function nameTaken(
  { account, console, own }: AccountWords,
  kind: string,
  { name, id }: Pick<NamedResource, 'name' | 'id'>,
): { message: string; hint: string } {
  return {
    message: `There is a ${kind} ${name} (id ${id}) in this ${account} that does not belong to this cluster.`,
    hint: `Rename or delete it in the ${console}, name the cluster differently, or use ${own} for this cluster.`,
  };
}

export function nameTakenError(
  words: AccountWords,
  kind: string,
  resource: Pick<NamedResource, 'name' | 'id'>,
): RefusedError {
  const { message, hint } = nameTaken(words, kind, resource);
  return new RefusedError(message, { code: 'NAME_TAKEN', hint });
}

/**
 * Ours among resources of one kind: the one with the name, or else any with our label (a person may have renamed it).
 * @throws RefusedError code NAME_TAKEN when the name belongs to something that is not ours.
 */
export function findOurs<T extends NamedResource>(
  words: AccountWords,
  kind: string,
  resources: readonly T[],
  name: string,
  clusterId: string,
): T | undefined {
  const ours = resources.filter((one) => isOurs(one, clusterId));
  const own = ours.find((one) => one.name === name) ?? ours[0];
  const foreign = resources.find((one) => one.name === name && !isOurs(one, clusterId));
  if (!own && foreign) throw nameTakenError(words, kind, foreign);
  return own;
}

/** The place that labels tell of. A machine whose slot labels were taken off keeps its place in lists, in slot 0. */
export const placeOf = (labels: Labels): Slot =>
  slotOf(labels) ?? { pool: labels[labelKeys.pool] ?? 'unknown', role: 'worker', slot: 0, generation: 0 };

/** Clusters by the labels on machines, and on what else is labelled for those that have no machine left. */
export function clustersByLabel(machines: readonly Labelled[], others: readonly Labelled[] = []): FoundCluster[] {
  const found = new Map<string, FoundCluster>();
  const count = ({ labels }: Labelled, more: number): void => {
    const { [labelKeys.clusterId]: id, [labelKeys.cluster]: name = '' } = labels;
    if (id === undefined) return;
    const before = found.get(id);
    const distribution = before?.distribution ?? labels[labelKeys.distribution];
    const machines = (before?.machines ?? 0) + more;
    found.set(id, { id, name, machines, ...(distribution === undefined ? {} : { distribution }) });
  };
  for (const machine of machines) count(machine, 1);
  for (const other of others) count(other, 0);
  return [...found.values()].sort((a, b) => compareText(a.name, b.name));
}

/** The cluster that labels tell of. */
export const clusterOf = (labels: Labels): ClusterRef => ({
  name: labels[labelKeys.cluster] ?? '',
  id: labels[labelKeys.clusterId] ?? '',
});
