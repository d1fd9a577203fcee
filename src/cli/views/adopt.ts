import { renderPlan } from '../../ui/index.js';
import type { AdoptResult } from '../../workflows/cluster/adopt.js';
import { kubectlLine } from './cluster.js';

/** What was restored, or would be, and how to go on. */
export function adoptedText({ cluster, dryRun, steps, damages, leftOut, kubeconfig }: AdoptResult): string {
  const next = [`  slipway cluster plan ${cluster}`, kubectlLine(cluster, kubeconfig)];
  if (steps.length === 0) {
    const whole =
      leftOut.length === 0
        ? `The workspace has all it needs of ${cluster}; nothing was changed.`
        : `Nothing more of ${cluster} can be adopted now.`;
    return [whole, ...next].join('\n');
  }
  if (dryRun) return [...damages, ...(damages.length > 0 ? [''] : []), renderPlan(steps)].join('\n');
  return [`${cluster} is adopted: this workspace is one to work on it from.`, ...next].join('\n');
}
