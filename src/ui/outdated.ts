import { type MachineDifference, type Remedy, remedyFor } from '../domain/machine-diff.js';
import type { OutdatedMachine } from '../domain/outdated.js';
import { printable } from '../domain/printable.js';
import { minorsBetween } from '../domain/versions.js';

const names: Readonly<Record<MachineDifference['reason'], string>> = {
  version: 'Kubernetes',
  type: 'machine type',
  image: 'image',
  location: 'location',
  config: 'configuration',
  labels: 'labels',
  marked: '',
};

const needs: Readonly<Record<Exclude<Remedy, 'none'>, string>> = {
  'in-place': 'needs cluster upgrade',
  replace: 'needs cluster recycle',
  refuse: 'not possible, Kubernetes does not go back to an older release',
};

/** Each machine that differs from the file with what would change it, one line for each remedy. Empty without any. */
export function outdatedLines(outdated: readonly OutdatedMachine[]): readonly string[] {
  const width = Math.max(0, ...outdated.map(({ slot }) => slot.length));
  return outdated.flatMap(({ slot, reasons }) =>
    [...new Set(reasons.map(remedyFor))].map((remedy) => {
      const own = reasons.filter((reason) => remedyFor(reason) === remedy);
      return `${printable(slot).padEnd(width)}  ${own.map(differenceText).join(', ')}: ${needs[remedy]}`;
    }),
  );
}

/** What apply leaves, under a heading; undefined when no machine is outdated. */
export function outdatedSection(outdated: readonly OutdatedMachine[]): string | undefined {
  if (outdated.length === 0) return undefined;
  return ['Not changed by apply', ...outdatedLines(outdated).map((line) => `  ! ${line}`)].join('\n');
}

function differenceText({ reason, desired, observed }: MachineDifference): string {
  const stops = reason === 'version' ? minorsBetween(observed, desired) : [];
  const way = stops.length > 0 ? ` by way of ${stops.join(' and ')}` : '';
  return `${names[reason]} ${printable(observed)} → ${printable(desired)}${way}`.trimStart();
}
