import { plural } from '../domain/plural.js';
import { printable } from '../domain/printable.js';
import { leftBySteps, type OutdatedMachine, type UnfitMachine } from '../domain/outdated.js';
import type { StepInfo } from '../reporting/index.js';
import { leftSection } from './outdated.js';

/**
 * The steps of a plan by phase, `-` before what takes something away, `~` before what changes something there is with
 * the lines of its diff below, what differs and is left, and a line that sums up.
 */
export function renderPlan(
  planned: readonly StepInfo[],
  outdated: readonly OutdatedMachine[] = [],
  unfit: readonly UnfitMachine[] = [],
): string {
  const steps = planned.map(printableStep);
  const left = leftSection(outdated, unfit);
  if (steps.length === 0 && left === undefined) return 'No changes. The cluster matches the file.';
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
  if (left !== undefined) lines.push(left, '');
  const marked = (mark: string): number => steps.filter((step) => markOf(step) === mark).length;
  const sum = `${plural(steps.length, 'step')}: ${marked('+')} to add, ${marked('~')} to change, ${marked('-')} to remove`;
  lines.push(`${steps.length === 0 ? 'No steps' : sum}${differing(leftBySteps(outdated))}.`);
  return lines.join('\n');
}

const differing = ({ length }: readonly OutdatedMachine[]): string =>
  length === 0
    ? ''
    : `; ${plural(length, 'machine')} ${length === 1 ? 'differs' : 'differ'} from the file and would be left as ${length === 1 ? 'it is' : 'they are'}`;

const markOf = ({ destroys, adds, changes, details }: StepInfo): string =>
  destroys ? '-' : changes || (details && !adds) ? '~' : '+';

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

export interface NotLookedAt {
  readonly message: string;
  readonly details?: readonly string[] | undefined;
  readonly hint: string;
}

/** What a plan goes without, below it. */
export function uncheckedText(unchecked: readonly NotLookedAt[]): string {
  const lines = unchecked.flatMap(({ message, details, hint }) => [
    `  ${printable(message)}`,
    ...(details ?? []).map((detail) => `    ${printable(detail)}`),
    `    ${printable(hint)}`,
  ]);
  return ['', 'Not checked', ...lines].join('\n');
}
