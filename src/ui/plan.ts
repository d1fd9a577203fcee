import type { StepInfo } from '../reporting/index.js';

/** The steps of a plan by phase, `-` before what takes something away, and a line that sums up. */
export function renderPlan(steps: readonly StepInfo[]): string {
  if (steps.length === 0) return 'Nothing to do: everything is as asked.';
  const lines: string[] = [];
  for (const phase of new Set(steps.map((step) => step.phase))) {
    const own = steps.filter((step) => step.phase === phase);
    lines.push(`${phase}`);
    const width = Math.max(...own.map((step) => step.target.length));
    for (const step of own) lines.push(`  ${step.destroys ? '-' : '+'} ${step.target.padEnd(width)}  ${step.text}`);
    lines.push('');
  }
  const destroying = steps.filter((step) => step.destroys).length;
  lines.push(`${steps.length} steps${destroying > 0 ? `, ${destroying} of which take something away` : ''}.`);
  return lines.join('\n');
}
