import { isDown } from '../../domain/heal.js';
import { plural } from '../../domain/plural.js';
import { printable } from '../../domain/printable.js';
import { renderPlan } from '../../ui/index.js';
import type { HealResult } from '../../workflows/cluster/heal.js';
import { simulatedLines } from './cluster.js';

const done = {
  reboot: 'rebooted',
  replace: 'replaced',
  promote: 'replaced by a standby',
  join: 'joined',
  prepare: 'made to stand by',
  add: 'made',
  remove: 'removed',
  wait: 'left for now',
  refuse: 'left as it is',
} as const;
const planned = {
  reboot: 'reboot',
  replace: 'replace',
  promote: 'replace by a standby',
  join: 'join',
  prepare: 'make to stand by',
  add: 'make',
  remove: 'remove',
  wait: 'wait',
  refuse: 'left as it is',
} as const;

/** What was done about each machine that was not well, or would be. */
export function renderHealing({ cluster, dryRun, verdicts, steps, simulated }: HealResult): string {
  if (verdicts.length === 0) return `All machines of ${cluster} are well.`;
  const words = dryRun ? planned : done;
  const width = Math.max(...verdicts.map(({ name }) => name.length));
  const lines = verdicts.map(
    ({ name, does, because }) => `  ${name.padEnd(width)}  ${words[does]}: ${printable(because)}`,
  );
  const ill = verdicts.filter(isDown).length;
  const short = verdicts.filter(({ does }) => does === 'prepare').length;
  const head =
    ill === 0
      ? short > 0
        ? `${cluster} is short of ${plural(short, 'standby', 'standbys')}.`
        : `All machines of ${cluster} are well, and a removal was not finished.`
      : `${cluster}: ${plural(ill, 'machine')} ${ill === 1 ? 'is' : 'are'} not well.`;
  if (!dryRun && steps.length > 0) return [`${cluster} was healed.`, ...lines, ...simulatedLines(simulated)].join('\n');
  return [head, ...lines, ...(steps.length > 0 ? ['', renderPlan(steps)] : [])].join('\n');
}
