import type { Taint } from '../controllers/conditions.js';
import { conditionOf } from '../controllers/conditions.js';
import type { Obj } from '../objects.js';

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface NodeTerm {
  readonly matchExpressions?: readonly Requirement[];
  readonly matchFields?: readonly Requirement[];
}

interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

interface NodeAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms: readonly NodeTerm[] };
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
    readonly weight: number;
    readonly preference: NodeTerm;
  }[];
}

const affinityOf = (pod: Obj): NodeAffinity =>
  (pod.spec?.['affinity'] as { nodeAffinity?: NodeAffinity } | undefined)?.nodeAffinity ?? {};

const requiredTerms = (pod: Obj): readonly NodeTerm[] | undefined =>
  affinityOf(pod).requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;

function meets({ operator, values = [] }: Requirement, own: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return own !== undefined && values.includes(own);
    case 'NotIn':
      return own === undefined || !values.includes(own);
    case 'Exists':
      return own !== undefined;
    case 'DoesNotExist':
      return own === undefined;
    case 'Gt':
      return own !== undefined && Number(own) > Number(values[0]);
    case 'Lt':
      return own !== undefined && Number(own) < Number(values[0]);
    default:
      return false;
  }
}

const fieldOf = (node: Obj, key: string): string | undefined =>
  key === 'metadata.name' ? node.metadata.name : undefined;

/** A term with nothing in it matches no node. */
const matchesTerm = ({ matchExpressions = [], matchFields = [] }: NodeTerm, node: Obj): boolean =>
  matchExpressions.length + matchFields.length > 0 &&
  matchExpressions.every((one) => meets(one, node.metadata.labels?.[one.key])) &&
  matchFields.every((one) => meets(one, fieldOf(node, one.key)));

export const matchesTerms = (terms: readonly NodeTerm[], node: Obj): boolean =>
  terms.some((term) => matchesTerm(term, node));

/** Whether a node has the labels that a pod asks for. */
export function selectsNode(pod: Obj, node: Obj): boolean {
  const labels = node.metadata.labels ?? {};
  const selector = Object.entries((pod.spec?.['nodeSelector'] ?? {}) as Record<string, string>);
  if (!selector.every(([key, value]) => labels[key] === value)) return false;
  const terms = requiredTerms(pod);
  return !terms || matchesTerms(terms, node);
}

/** The nodes that a pod names, where each of its terms names some, as a DaemonSet's do; undefined: it names none. */
export function namedNodes(pod: Obj): readonly string[] | undefined {
  const terms = requiredTerms(pod) ?? [];
  const names = terms.map(({ matchFields = [] }) =>
    matchFields.find(({ key, operator }) => key === 'metadata.name' && operator === 'In'),
  );
  if (names.length === 0 || names.includes(undefined)) return undefined;
  return names.flatMap((one) => one?.values ?? []);
}

/** How much a pod would like a node. */
export const nodePreference = (pod: Obj, node: Obj): number =>
  (affinityOf(pod).preferredDuringSchedulingIgnoredDuringExecution ?? [])
    .filter(({ preference }) => matchesTerm(preference, node))
    .reduce((total, { weight }) => total + weight, 0);

const notReady = 'node.kubernetes.io/not-ready';
export const unschedulable = 'node.kubernetes.io/unschedulable';

/** A node's taints, with the one that a node controller gives to those that are not Ready. */
function taintsOf(node: Obj): readonly Taint[] {
  const own = (node.spec?.['taints'] ?? []) as readonly Taint[];
  return isReady(node) || own.some(({ key }) => key === 'node.kubernetes.io/unreachable')
    ? own
    : [...own, { key: notReady, effect: 'NoSchedule' }];
}

export const isReady = (node: Obj): boolean => conditionOf(node, 'Ready')?.status === 'True';

function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
  if (operator === 'Exists') return key === undefined || key === '' || key === taint.key;
  return key === taint.key && (value ?? '') === (taint.value ?? '');
}

/** The first taint that keeps a pod from a node. */
export function untolerated(pod: Obj, node: Obj, effects = ['NoSchedule', 'NoExecute']): Taint | undefined {
  const tolerations = (pod.spec?.['tolerations'] ?? []) as readonly Toleration[];
  return taintsOf(node)
    .filter(({ effect }) => effects.includes(effect))
    .find((taint) => !tolerations.some((toleration) => tolerates(toleration, taint)));
}

/** What the API server gives to pods that say nothing else of them: seconds for which they stay on a node that is lost. */
const toleratedByAll: readonly Toleration[] = ['unreachable', 'not-ready'].map((name) => ({
  key: `node.kubernetes.io/${name}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

/** For how many seconds a pod stays where a taint drives pods out: 0, or for ever. */
export function secondsTolerated(pod: Obj, taint: Taint): number {
  const own = ((pod.spec?.['tolerations'] ?? []) as readonly Toleration[]).filter((one) => tolerates(one, taint));
  const counting = own.length > 0 ? own : toleratedByAll.filter((one) => tolerates(one, taint));
  return counting.length === 0
    ? 0
    : Math.min(...counting.map(({ tolerationSeconds = Infinity }) => Math.max(0, tolerationSeconds)));
}
