/** A pod as far as a drain has to know it. */
export interface DrainPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Kind of its controller; undefined: nothing would start it again elsewhere. */
  readonly controller: string | undefined;
  readonly phase: string;
  readonly ready: boolean;
  readonly ending: boolean;
  /** Run by the kubelet from a file. */
  readonly mirror: boolean;
  /** Names of its volume claims. */
  readonly claims: readonly string[];
}

export interface DrainBudget {
  readonly namespace: string;
  readonly name: string;
  /** Undefined selects nothing. */
  readonly selector: LabelSelector | undefined;
  /** Healthy pods that it keeps, of `expected`; undefined until a controller has counted them. */
  readonly counted: { readonly desired: number; readonly expected: number } | undefined;
  /** Pods that it lets go now; undefined until a controller has counted them. */
  readonly allowed?: number | undefined;
  /** Pods that are not Ready may always be evicted. */
  readonly unreadyMayGo: boolean;
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?:
    | readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] | undefined }[]
    | undefined;
}

/** What runs in a cluster when nodes are to be drained. */
export interface DrainView {
  readonly pods: readonly DrainPod[];
  /** Volumes by claim, as `namespace/claim`. */
  readonly volumeOf: ReadonlyMap<string, string>;
  /** Volumes that lie on a node's own disk. */
  readonly localVolumes: ReadonlySet<string>;
  readonly budgets: readonly DrainBudget[];
}

export interface DrainObstacle {
  readonly kind: 'unmanaged-pod' | 'local-data' | 'budget';
  readonly node: string;
  /** `namespace/pod` */
  readonly pod: string;
  /** The pod, and what of it stands in the way. */
  readonly text: string;
}

/** Whether a drain moves this pod: not one that a DaemonSet keeps on every node, a mirror pod, or one that has ended. */
export const leavesOnDrain = (pod: DrainPod): boolean =>
  pod.phase !== 'Succeeded' && pod.phase !== 'Failed' && !pod.mirror && pod.controller !== 'DaemonSet';

/** Everything for which a drain of these nodes would be refused, or could never end: all nodes, all reasons. */
export function drainObstacles(nodes: readonly string[], view: DrainView): readonly DrainObstacle[] {
  return nodes.flatMap((node) => {
    const leaving = view.pods.filter((pod) => pod.node === node && leavesOnDrain(pod));
    return leaving.flatMap((pod): DrainObstacle[] => [
      ...(pod.controller === undefined && !pod.ending
        ? [{ kind: 'unmanaged-pod', node, pod: nameOf(pod), text: nameOf(pod) } as const]
        : []),
      ...localClaims(pod, view).map(({ claim, volume }) => ({
        kind: 'local-data' as const,
        node,
        pod: nameOf(pod),
        text: `${nameOf(pod)}: claim ${claim} on volume ${volume}`,
      })),
      ...budgetObstacle(pod, node, view.budgets),
    ]);
  });
}

/** Whether somebody said that what is in the way may be lost. A budget is not lost by anybody's word. */
export const isAccepted = ({ kind, pod }: DrainObstacle, lose: ReadonlySet<string> | undefined): boolean =>
  kind !== 'budget' && (lose?.has(pod) ?? false);

/** Claims, as `namespace/claim`, on volumes that are lost with these nodes, of the pods that may be. */
export const lostClaims = (nodes: readonly string[], view: DrainView, lose: ReadonlySet<string>): readonly string[] => [
  ...new Set(
    view.pods
      .filter((pod) => nodes.includes(pod.node) && leavesOnDrain(pod) && lose.has(nameOf(pod)))
      .flatMap((pod) => localClaims(pod, view).map(({ claim }) => `${pod.namespace}/${claim}`)),
  ),
];

const nameOf = ({ namespace, name }: DrainPod): string => `${namespace}/${name}`;

function localClaims(pod: DrainPod, view: DrainView): { readonly claim: string; readonly volume: string }[] {
  return pod.claims.flatMap((claim) => {
    const volume = view.volumeOf.get(`${pod.namespace}/${claim}`);
    return volume !== undefined && view.localVolumes.has(volume) ? [{ claim, volume }] : [];
  });
}

/** Only what no wait repairs: a budget that holds today and lets go tomorrow is waited for by the drain itself. */
function budgetObstacle(pod: DrainPod, node: string, budgets: readonly DrainBudget[]): DrainObstacle[] {
  if (pod.ending || pod.phase === 'Pending') return [];
  const over = budgets.filter((budget) => budget.namespace === pod.namespace && selects(budget.selector, pod.labels));
  const names = over.map(({ name }) => name).join(', ');
  // The API evicts no pod that more than one budget counts.
  if (over.length > 1)
    return [
      { kind: 'budget', node, pod: nameOf(pod), text: `${nameOf(pod)}: held by ${over.length} budgets, ${names}` },
    ];
  const never = over.filter(
    ({ counted, unreadyMayGo }) =>
      counted !== undefined &&
      counted.expected > 0 &&
      counted.desired >= counted.expected &&
      (pod.ready || !unreadyMayGo),
  );
  return never.map(({ name, counted }) => ({
    kind: 'budget' as const,
    node,
    pod: nameOf(pod),
    text: `${nameOf(pod)}: budget ${name} keeps ${counted!.desired} of ${counted!.expected}, so none may ever go`,
  }));
}

/**
 * Budgets that will hold up the drain of a node as things are, a sentence each: the run waits, and goes on when more pods
 * are Ready elsewhere.
 */
export function budgetHolds(node: string, { pods, budgets }: DrainView): readonly string[] {
  return budgets.flatMap(({ namespace, name, selector, allowed, unreadyMayGo }) => {
    const own = pods.filter(
      (pod) =>
        pod.node === node &&
        leavesOnDrain(pod) &&
        !pod.ending &&
        pod.phase !== 'Pending' &&
        (pod.ready || !unreadyMayGo) &&
        pod.namespace === namespace &&
        selects(selector, pod.labels),
    );
    if (allowed === undefined || allowed >= own.length) return [];
    const held = `PodDisruptionBudget ${namespace}/${name}`;
    return allowed > 0
      ? [`${held} lets ${allowed} of its ${own.length} pods there go at a time`]
      : [`waits for ${held}, which lets none of its pods go now (${own.map((pod) => pod.name).join(', ')})`];
  });
}

/** Kubernetes' rules: an empty selector selects everything, none selects nothing. */
export function selects(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (selector === undefined) return false;
  const exact = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    exact &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      if (operator === 'In') return value !== undefined && values.includes(value);
      return value === undefined || !values.includes(value);
    })
  );
}
