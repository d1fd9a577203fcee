import type { Obj } from '../objects.js';
import { matchesSelector } from '../selectors.js';

export interface Placed {
  readonly pod: Obj;
  readonly node: Obj;
}

/** Labels of namespaces, by name. */
export type NamespaceLabels = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface Term {
  readonly topologyKey: string;
  readonly labelSelector?: unknown;
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: unknown;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

interface Rules {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly Term[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
    readonly weight: number;
    readonly podAffinityTerm: Term;
  }[];
}

const rulesOf = (pod: Obj, which: 'podAffinity' | 'podAntiAffinity'): Rules =>
  (pod.spec?.['affinity'] as Record<string, Rules | undefined> | undefined)?.[which] ?? {};

const required = (pod: Obj, which: 'podAffinity' | 'podAntiAffinity'): readonly Term[] =>
  rulesOf(pod, which).requiredDuringSchedulingIgnoredDuringExecution ?? [];

const labelOf = (node: Obj, key: string): string | undefined => node.metadata.labels?.[key];

/** Whether a term of one pod speaks of another. */
function speaksOf(term: Term, owner: Obj, other: Obj, namespaces: NamespaceLabels): boolean {
  const {
    labelSelector,
    namespaces: named = [],
    namespaceSelector,
    matchLabelKeys = [],
    mismatchLabelKeys = [],
  } = term;
  if (labelSelector === undefined || labelSelector === null) return false;
  const { namespace = '', labels = {} } = other.metadata;
  const own = owner.metadata.labels ?? {};
  const isNear =
    named.length === 0 && (namespaceSelector === undefined || namespaceSelector === null)
      ? namespace === owner.metadata.namespace
      : named.includes(namespace) ||
        (namespaceSelector !== undefined &&
          namespaceSelector !== null &&
          matchesSelector(namespaceSelector, namespaces[namespace] ?? {}));
  return (
    isNear &&
    matchesSelector(labelSelector, labels) &&
    matchLabelKeys.every((key) => own[key] === undefined || labels[key] === own[key]) &&
    mismatchLabelKeys.every((key) => own[key] === undefined || labels[key] !== own[key])
  );
}

/** Why a pod may not go beside those that are placed; undefined: it may. */
export function affinityRefusal(
  pod: Obj,
  node: Obj,
  placed: readonly Placed[],
  namespaces: NamespaceLabels,
): string | undefined {
  const near = (key: string, other: Placed): boolean =>
    labelOf(node, key) !== undefined && labelOf(other.node, key) === labelOf(node, key);
  if (!isNearAll(pod, node, placed, namespaces)) return "node(s) didn't match pod affinity rules";
  if (
    required(pod, 'podAntiAffinity').some((term) =>
      placed.some((other) => near(term.topologyKey, other) && speaksOf(term, pod, other.pod, namespaces)),
    )
  )
    return "node(s) didn't match pod anti-affinity rules";
  const isRefused = placed.some((other) =>
    required(other.pod, 'podAntiAffinity').some(
      (term) => near(term.topologyKey, other) && speaksOf(term, other.pod, pod, namespaces),
    ),
  );
  return isRefused ? "node(s) didn't satisfy existing pods anti-affinity rules" : undefined;
}

/** The first of a group that wants to be together may go anywhere. */
function isNearAll(pod: Obj, node: Obj, placed: readonly Placed[], namespaces: NamespaceLabels): boolean {
  const terms = required(pod, 'podAffinity');
  if (terms.length === 0) return true;
  if (terms.some(({ topologyKey }) => labelOf(node, topologyKey) === undefined)) return false;
  const matching = placed.filter((other) => terms.every((term) => speaksOf(term, pod, other.pod, namespaces)));
  if (
    !matching.some(({ node: at }) => terms.some(({ topologyKey }) => labelOf(at, topologyKey) !== undefined)) &&
    terms.every((term) => speaksOf(term, pod, pod, namespaces))
  )
    return true;
  return terms.every(({ topologyKey }) =>
    matching.some(({ node: at }) => labelOf(at, topologyKey) === labelOf(node, topologyKey)),
  );
}

/** How much a pod would like to be on a node for those that are near it. */
export function podPreference(pod: Obj, node: Obj, placed: readonly Placed[], namespaces: NamespaceLabels): number {
  const weighed = (which: 'podAffinity' | 'podAntiAffinity'): number =>
    (rulesOf(pod, which).preferredDuringSchedulingIgnoredDuringExecution ?? []).reduce(
      (total, { weight, podAffinityTerm: term }) =>
        total +
        weight *
          placed.filter(
            (other) =>
              labelOf(node, term.topologyKey) !== undefined &&
              labelOf(other.node, term.topologyKey) === labelOf(node, term.topologyKey) &&
              speaksOf(term, pod, other.pod, namespaces),
          ).length,
      0,
    );
  return weighed('podAffinity') - weighed('podAntiAffinity');
}
