import { count } from '../domain/words.js';
import { printable } from '../domain/printable.js';
import type { StepInfo } from '../reporting/index.js';

/**
 * The steps of a plan by phase, `-` before what takes something away, `~` before what changes something there is with
 * the lines of its diff below, and a line that sums up.
 */
export function renderPlan(planned: readonly StepInfo[]): string {
  const steps = planned.map(printableStep);
  if (steps.length === 0) return 'Nothing to do: everything is as asked.';
  const lines: string[] = [];
  for (const phase of new Set(steps.map((step) => step.phase))) {
    const own = steps.filter((step) => step.phase === phase);
    lines.push(`${phase}`);
    const width = Math.max(...own.map((step) => step.target.length));
    for (const step of own) {
      lines.push(`  ${markOf(step)} ${step.target.padEnd(width)}  ${step.text}`);
      for (const detail of step.details ?? []) lines.push(`      ${detail}`);
    }
    lines.push('');
  }
  const destroying = steps.filter((step) => step.destroys).length;
  lines.push(`${count(steps.length, 'step')}${destroying > 0 ? `, ${destroying} of which take something away` : ''}.`);
  return lines.join('\n');
}

const markOf = ({ destroys, adds, details }: StepInfo): string => (destroys ? '-' : details && !adds ? '~' : '+');

/** A step whose words may be shown: a server's name cannot end a line or hide one. */
export function printableStep(step: StepInfo): StepInfo {
  return {
    ...step,
    phase: printable(step.phase),
    target: printable(step.target),
    text: printable(step.text),
    ...(step.details === undefined ? {} : { details: step.details.map(printable) }),
  };
}
