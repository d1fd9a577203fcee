import type { Obj } from './objects.js';
import { matchesSelector } from './selectors.js';
import type { ObjectStore } from './store.js';
import { StatusError } from './status.js';

export const isPodReady = (pod: Obj): boolean =>
  ((pod.status?.['conditions'] ?? []) as { type: string; status: string }[]).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );

const share = (value: unknown, of: number, up: boolean): number =>
  typeof value === 'string' && value.endsWith('%')
    ? Math[up ? 'ceil' : 'floor']((of * Number(value.slice(0, -1))) / 100)
    : Number(value);

/** How many pods of a budget may be taken away now, and what it counts. */
export function budgetStatus(
  store: ObjectStore,
  budget: Obj,
): { healthy: number; expected: number; desired: number; allowed: number } {
  const pods = store
    .peek(store.resource('v1', 'Pod'), budget.metadata.namespace)
    .filter(
      (pod) => matchesSelector(budget.spec?.['selector'], pod.metadata.labels ?? {}) && !pod.metadata.deletionTimestamp,
    );
  const healthy = pods.filter(isPodReady).length;
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  // Only a plain number of pods that must be there needs nobody to say how many there are to be.
  const expected =
    maxUnavailable === undefined && typeof minAvailable !== 'string' ? pods.length : expectedOf(store, pods);
  const desired =
    maxUnavailable === undefined
      ? share(minAvailable ?? 1, expected, true)
      : Math.max(0, expected - share(maxUnavailable, expected, true));
  return { healthy, expected, desired, allowed: Math.max(0, healthy - desired) };
}

/**
 * How many pods there are to be, as Kubernetes' disruption controller has it: what those say that keep their number, and not
 * how many there are, which would grow less with each that is evicted.
 */
function expectedOf(store: ObjectStore, pods: readonly Obj[]): number {
  const replicas = new Map<string, number>();
  for (const pod of pods) {
    const set = controllerOf(store, pod);
    const keeper = (set && controllerOf(store, set)) ?? set;
    // One that nobody makes anew counts for itself.
    replicas.set(keeper?.metadata.uid ?? pod.metadata.uid!, Number(keeper?.spec?.['replicas'] ?? 1));
  }
  return [...replicas.values()].reduce((sum, one) => sum + one, 0);
}

function controllerOf(store: ObjectStore, { metadata }: Obj): Obj | undefined {
  const owner = metadata.ownerReferences?.find(({ kind }) => scaled.includes(kind));
  return owner && store.look(store.resource(owner.apiVersion, owner.kind), metadata.namespace!, owner.name);
}

const scaled = ['ReplicaSet', 'Deployment', 'StatefulSet'];

/** Refuses as the API does when a budget would be broken. @throws StatusError 429 */
export function refuseBrokenBudget(store: ObjectStore, pod: Obj): void {
  if (!isPodReady(pod)) return;
  const budgets = store
    .peek(store.resource('policy/v1', 'PodDisruptionBudget'), pod.metadata.namespace)
    .filter((budget) => matchesSelector(budget.spec?.['selector'], pod.metadata.labels ?? {}));
  const blocking = budgets.find((budget) => budgetStatus(store, budget).allowed === 0);
  if (!blocking) return;
  const { desired, healthy } = budgetStatus(store, blocking);
  throw new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [
      {
        reason: 'DisruptionBudget',
        message: `The disruption budget ${blocking.metadata.name} needs ${desired} healthy pods and has ${healthy} currently`,
      },
    ],
  });
}
