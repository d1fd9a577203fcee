import { plural } from '../../domain/plural.js';
import { priceText, renderPlan } from '../../ui/index.js';
import type { RecycleResult } from '../../workflows/cluster/recycle.js';

/** What was replaced by what, or would be. */
export function recycledText({ cluster, dryRun, steps, monthly, replaced }: RecycleResult): string {
  if (dryRun && steps.length > 0)
    return [renderPlan(steps), ...(monthly ? [`\n${priceText(monthly)}`] : [])].join('\n');
  if (replaced.length === 0) return `No node of ${cluster} is left to replace.`;
  const width = Math.max(...replaced.map(({ slot }) => slot.length));
  return [
    `${cluster}: ${plural(replaced.length, 'node')} replaced by fresh machines.`,
    ...replaced.map(
      ({ slot, from, to, type, location }) => `  ${slot.padEnd(width)}  ${from} → ${to} (${type} in ${location})`,
    ),
  ].join('\n');
}
