import type { ClusterRecord } from './types.js';

/** Raised with every change that an older Slipway could not read. */
export const recordVersion = 1;

export function recordText(record: ClusterRecord): string {
  return `${JSON.stringify({ version: recordVersion, ...record }, null, 2)}\n`;
}
