import { describe, expect, it } from 'vitest';

import type { Findings } from '../../src/domain/findings.js';
import { knownRecord, rememberRecord } from '../../src/workspace/known-record.js';
import { recordText } from '../../src/workspace/record-text.js';
import { readRecord } from '../../src/workspace/record.js';
import { testRecord } from './support.js';

/** Findings of one build, in memory. */
function memory(): Findings & { readonly keys: Set<string> } {
  const keys = new Set<string>();
  return { keys, holds: (key) => keys.has(key), add: (key) => void keys.add(key) };
}
const read = (text: string) => readRecord('/ws/record.json', 'demo', text);

describe('a record that this build has read before', () => {
  it('is taken as it is written, and says what reading it said', () => {
    const text = recordText(testRecord('demo'));
    const findings = memory();
    expect(knownRecord(text, findings, 0)).toBeUndefined();
    rememberRecord(text, read(text), findings);
    expect(knownRecord(text, findings, 0)).toEqual(read(text));
  });

  it('is read anew where a single letter of it differs', () => {
    const text = recordText(testRecord('demo'));
    const findings = memory();
    rememberRecord(text, read(text), findings);
    expect(knownRecord(text.replace('"count": 1', '"count": 9'), findings, 0)).toBeUndefined();
  });

  it('is read anew each time where reading it adds what it leaves out', () => {
    const older = JSON.parse(recordText(testRecord('demo'))) as { spec: { pools?: unknown } };
    delete older.spec.pools;
    const text = JSON.stringify(older);
    const findings = memory();
    rememberRecord(text, read(text), findings);
    expect(findings.keys.size).toBe(0);
  });
});
