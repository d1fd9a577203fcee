import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import { always, type Findings } from '../domain/findings.js';
import type { ClusterRecord } from './types.js';

const keyOf = (text: string): string => createHash('sha256').update(`record ${text}`).digest('hex');

/** A record as `readRecord` would read it, where this build has read the very text before; undefined where it has not. */
export const knownRecord = (text: string, findings: Findings, at: number): ClusterRecord | undefined =>
  findings.holds(keyOf(text), at) ? asWritten(text) : undefined;

/** Keeps that a text is a record, where reading it changes nothing of what it says. */
export function rememberRecord(text: string, record: ClusterRecord, findings: Findings): void {
  if (isDeepStrictEqual(asWritten(text), record)) findings.add(keyOf(text), always);
}

function asWritten(text: string): ClusterRecord {
  const { version: _, ...record } = JSON.parse(text) as ClusterRecord & { readonly version: number };
  return record;
}
