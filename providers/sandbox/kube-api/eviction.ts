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
  const desired =
    maxUnavailable !== undefined
      ? Math.max(0, pods.length - share(maxUnavailable, pods.length, true))
      : share(minAvailable ?? 1, pods.length, true);
  return { healthy, expected: pods.length, desired, allowed: Math.max(0, healthy - desired) };
}

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
