import { printable } from '../../domain/printable.js';
import { renderPlan } from '../../ui/index.js';
import type { UpgradeResult } from '../../workflows/cluster/upgrade.js';
import { simulatedLines } from './cluster.js';

/** What was done, or with a dry run would be. */
export function renderUpgrade(result: UpgradeResult, dryRun: boolean): string {
  const { cluster, from, to, steps, warnings, simulated } = result;
  if (steps.length === 0) return `No changes. Every node of ${cluster} runs ${to}.`;
  const told =
    warnings.length === 0 ? [] : ['', 'Down for a while', ...warnings.map((line) => `  ! ${printable(line)}`)];
  if (dryRun) return [renderPlan(steps), ...told].join('\n');
  return [
    from === to ? `Every node of ${cluster} runs ${to}.` : `${cluster} runs ${to}, from ${from}.`,
    `  slipway cluster status ${cluster}`,
    ...simulatedLines(simulated),
  ].join('\n');
}
