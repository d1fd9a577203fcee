import { diffReasons } from '../domain/machine-diff.js';
import { jsonOrUndefined } from '../http/json.js';
import { type Fields, fieldsOf, isText } from './fields.js';
import type { LastLook } from './types.js';

/** Raised with every change that an older Slipway could not read. */
const lookVersion = 1;

export const lookText = (look: LastLook): string => `${JSON.stringify({ version: lookVersion, ...look }, null, 2)}\n`;

/** Undefined for a text that is no such look: the next one is as good, so nobody is troubled with it. */
export function readLook(text: string): LastLook | undefined {
  const { version, ...look } = fieldsOf(jsonOrUndefined(text));
  const { at, by, steps, outdated, unfit } = look;
  const isLook =
    version === lookVersion && isText(at) && isText(by) && Number.isInteger(steps) && all(outdated, isOutdated);
  return isLook && all(unfit, isUnfit) ? (look as unknown as LastLook) : undefined;
}

const isOutdated = ({ slot, reasons }: Fields): boolean =>
  isText(slot) &&
  all(
    reasons,
    ({ reason, desired, observed }) =>
      isText(desired) && isText(observed) && (diffReasons as readonly unknown[]).includes(reason),
  );

const isUnfit = ({ slot, because, hint }: Fields): boolean => isText(slot) && isText(because) && isText(hint);

const all = (values: unknown, fits: (fields: Fields) => boolean): boolean =>
  Array.isArray(values) && values.every((value) => fits(fieldsOf(value)));
