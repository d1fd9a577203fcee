import { cordonedAnnotation, labelKeys } from '../domain/index.js';
import type { NodeFacts, NodePatch, NodeTaint } from '../kube/types.js';

/**
 * On a node whose pool has labels or taints: which of them came from the file, as JSON. What leaves the file can then
 * be told from what somebody else put there.
 */
export const ownedAnnotation = 'slipway.dev/owned';

export interface DesiredMarks {
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly NodeTaint[];
  /** Keys of taints that are ours wherever they are found. */
  readonly owned: readonly string[];
}

interface Owned {
  readonly labels: readonly string[];
  /** `key:effect` */
  readonly taints: readonly string[];
}

type Marked = Pick<NodeFacts, 'labels' | 'taints'> & Partial<Pick<NodeFacts, 'annotations'>>;

/** What a node that joins could not be given by its own kubelet; undefined: nothing. */
export function joinPatch(desired: DesiredMarks, given: Readonly<Record<string, string>>): NodePatch | undefined {
  const labels = Object.fromEntries(Object.entries(desired.labels).filter(([key]) => !(key in given)));
  const note = ownedText(desired);
  if (Object.keys(labels).length === 0 && note === undefined) return undefined;
  return {
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(note === undefined ? {} : { annotations: { [ownedAnnotation]: note } }),
  };
}

/** What to change on a node, undefined when it is right. Labels and taints of others stay. */
export function nodePatch(node: Marked, desired: DesiredMarks): NodePatch | undefined {
  const before = ownedOf(node.annotations?.[ownedAnnotation]);
  const labels = labelChanges(node.labels, desired.labels, before.labels);
  const taints = taintChanges(node.taints, desired, before.taints);
  const note = ownedText(desired);
  const noted = node.annotations?.[ownedAnnotation];
  // Cordoned by a run that was to remove it and never did.
  const isOurCordon = node.annotations?.[cordonedAnnotation] !== undefined;
  const annotations = {
    ...(note === noted ? {} : { [ownedAnnotation]: note ?? null }),
    ...(isOurCordon ? { [cordonedAnnotation]: null } : {}),
  };
  const isNoted = Object.keys(annotations).length > 0;
  if (!labels && !taints && !isNoted) return undefined;
  return {
    ...(labels && { labels }),
    ...(taints && { taints }),
    ...(isNoted && { annotations }),
    ...(isOurCordon && { unschedulable: false }),
  };
}

function labelChanges(
  present: Readonly<Record<string, string>>,
  desired: Readonly<Record<string, string>>,
  owned: readonly string[],
): Record<string, string | null> | undefined {
  const changes: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(desired)) if (present[key] !== value) changes[key] = value;
  for (const key of owned) if (!(key in desired) && key in present) changes[key] = null;
  return Object.keys(changes).length === 0 ? undefined : changes;
}

const idOf = ({ key, effect }: NodeTaint): string => `${key}:${effect}`;

function taintChanges(
  present: readonly NodeTaint[],
  { taints, owned }: DesiredMarks,
  before: readonly string[],
): readonly NodeTaint[] | undefined {
  const desiredIds = taints.map(idOf);
  const others = present.filter(
    (taint) => !desiredIds.includes(idOf(taint)) && !owned.includes(taint.key) && !before.includes(idOf(taint)),
  );
  const next = [...others, ...taints];
  const equal = (a: NodeTaint, b: NodeTaint): boolean => idOf(a) === idOf(b) && (a.value ?? '') === (b.value ?? '');
  const same = next.length === present.length && next.every((taint) => present.some((found) => equal(taint, found)));
  return same ? undefined : next;
}

/** Undefined where the pool asks for nothing of its own: most nodes need no such note. */
function ownedText({ labels, taints, owned }: DesiredMarks): string | undefined {
  const keys = Object.keys(labels).filter((key) => key !== labelKeys.pool);
  const ids = taints.filter(({ key }) => !owned.includes(key)).map(idOf);
  if (keys.length === 0 && ids.length === 0) return undefined;
  return JSON.stringify({ labels: keys.sort(), taints: ids.sort() } satisfies Owned);
}

/** What cannot be read counts as nothing: then nothing is taken away. */
function ownedOf(text: string | undefined): Owned {
  const list = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
  try {
    const parsed = JSON.parse(text ?? '{}') as { labels?: unknown; taints?: unknown } | null;
    return { labels: list(parsed?.labels), taints: list(parsed?.taints) };
  } catch {
    return { labels: [], taints: [] };
  }
}
