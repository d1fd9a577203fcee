import type { DrainObstacle } from '../domain/index.js';
import type { ErrorCode } from '../errors/index.js';

/** What to do about each kind of obstacle; the same whether it is found before a run or in it. */
const obstacleAdvice: Readonly<Record<DrainObstacle['kind'], { readonly code: ErrorCode; readonly hint: string }>> = {
  'unmanaged-pod': {
    code: 'UNMANAGED_PODS',
    hint: 'Delete them, or give them a controller such as a Deployment, then run the same command again.',
  },
  'local-data': {
    code: 'LOCAL_DATA',
    hint: 'Move the data to a volume of the provider, or delete these claims if it is not needed, then run the same command again.',
  },
  budget: {
    code: 'BUDGET_NEVER_ALLOWS',
    hint: 'Loosen these PodDisruptionBudgets, or run more pods than they keep, then run the same command again.',
  },
};

/** @param lose what may be lost by somebody's word; none where nobody can give it */
export function adviceFor(
  kind: DrainObstacle['kind'],
  lose?: ReadonlySet<string>,
): (typeof obstacleAdvice)[typeof kind] {
  const advice = obstacleAdvice[kind];
  if (lose === undefined || kind === 'budget') return advice;
  return {
    ...advice,
    hint: `${advice.hint} What may be lost: --accept-data-loss NAMESPACE/POD of cluster apply and cluster recycle.`,
  };
}
