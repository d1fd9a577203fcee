import type { StepInfo } from '../../reporting/index.js';
import type { MonthlyPrice } from './price.js';

/** What a question says of steps that take something away. */
export const destroyingLines = (steps: readonly StepInfo[]): readonly string[] =>
  steps.flatMap(({ target, text, details = [] }) => [`${target}: ${text}`, ...details.map((line) => `  ${line}`)]);

/** What it says of pods that may lose their data. */
export const lossLines = (lose: ReadonlySet<string> = new Set()): readonly string[] =>
  [...lose].map((pod) => `lost with its node: the local data of ${pod}`);

/** What it says of the price; nothing where machines have none. */
export const costLines = (price: MonthlyPrice | undefined): readonly string[] =>
  price === undefined
    ? []
    : [
        `the cluster then costs about ${price.amount.toFixed(2)} ${price.currency} a month, net, where it costs ${price.now.total.toFixed(2)} now`,
      ];
