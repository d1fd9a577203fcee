import type { MachineDifference } from '../domain/machine-diff.js';
import {
  isConfiguredByApply,
  leftBySteps,
  needFor,
  type OutdatedMachine,
  type UnfitMachine,
} from '../domain/outdated.js';
import { printable } from '../domain/printable.js';
import { minorsBetween } from '../domain/versions.js';

const names: Readonly<Record<MachineDifference['reason'], string>> = {
  version: 'Kubernetes',
  type: 'machine type',
  image: 'image',
  template: 'machine template',
  location: 'location',
  config: 'configuration',
  fixed: 'configuration',
  labels: 'labels',
  marked: '',
};

/** What changes one difference, as people read it. */
function needText(difference: MachineDifference): string {
  const need = needFor(difference);
  if (need !== undefined) return `needs ${need}`;
  return difference.reason === 'version'
    ? 'not possible, Kubernetes does not go back to an older release'
    : 'not possible, the nodes of a cluster agree in it from the first on';
}

/** Each machine that steps leave different from the file, with what would change it, one line for each way to. */
export function outdatedLines(all: readonly OutdatedMachine[]): readonly string[] {
  const outdated = leftBySteps(all);
  const width = Math.max(0, ...outdated.map(({ slot }) => slot.length));
  return outdated.flatMap(({ slot, reasons }) =>
    [...new Set(reasons.map(needText))].map((need) => {
      const own = reasons.filter((reason) => needText(reason) === need);
      return `${printable(slot).padEnd(width)}  ${own.map(differenceText).join(', ')}: ${need}`;
    }),
  );
}

/** Each machine that is not started, with what to do. */
export const unfitLines = (unfit: readonly UnfitMachine[]): readonly string[] =>
  unfit.map(({ slot, because, hint }) => printable(`${slot}  ${because}. ${hint}`));

/** What steps leave, under a heading; undefined when they leave nothing. */
export function leftSection(outdated: readonly OutdatedMachine[], unfit: readonly UnfitMachine[]): string | undefined {
  const lines = [...outdatedLines(outdated), ...unfitLines(unfit)];
  if (lines.length === 0) return undefined;
  // Whoever did the rest of the file only leaves to apply what takes a rollout.
  const heading = outdated.some(isConfiguredByApply) ? 'Not changed' : 'Not changed by apply';
  return [heading, ...lines.map((line) => `  ! ${line}`)].join('\n');
}

function differenceText({ reason, desired, observed }: MachineDifference): string {
  const stops = reason === 'version' ? minorsBetween(observed, desired) : [];
  const way = stops.length > 0 ? ` by way of ${stops.join(' and ')}` : '';
  return `${names[reason]} ${printable(observed)} → ${printable(desired)}${way}`.trimStart();
}
