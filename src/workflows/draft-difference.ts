import type { StepInfo } from '../reporting/index.js';

/** What of a step a person has agreed to. */
export type ShownStep = Pick<StepInfo, 'id' | 'target' | 'text' | 'destroys'>;

/** How a draft differs from the one that was shown before it. */
export interface DraftDifference {
  /** Steps that were not shown, or not like this. */
  readonly added: readonly ShownStep[];
  /** Steps that were shown and are not to be done any more, or not like that. */
  readonly dropped: readonly ShownStep[];
  /** Those of `added` that take something away. */
  readonly destroying: readonly ShownStep[];
}

/** Compares steps by id, text and whether they take something away; undefined when both drafts do the same. */
export function compareDrafts(shown: readonly ShownStep[], now: readonly ShownStep[]): DraftDifference | undefined {
  const added = without(now, shown);
  const dropped = without(shown, now);
  if (added.length + dropped.length === 0) return undefined;
  return { added, dropped, destroying: added.filter(({ destroys }) => destroys) };
}

/** One line for each step that differs. */
export const differenceLines = ({ added, dropped }: DraftDifference): readonly string[] => [
  ...added.map(
    ({ target, text, destroys }) => `new since you were asked${destroys ? ', removes' : ''}: ${target}: ${text}`,
  ),
  ...dropped.map(({ target, text }) => `no longer to be done: ${target}: ${text}`),
];

const without = (steps: readonly ShownStep[], others: readonly ShownStep[]): readonly ShownStep[] => {
  const same = new Set(others.map(keyOf));
  return steps.filter((step) => !same.has(keyOf(step)));
};

const keyOf = ({ id, text, destroys }: ShownStep): string => JSON.stringify([id, text, destroys === true]);
