import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { findingsIn } from '../../src/files/findings.js';

const folder = mkdtempSync(join(tmpdir(), 'slipway-findings-'));
afterAll(() => rmSync(folder, { recursive: true }));
const span = { from: 1_000, until: 2_000 };

describe('findings', () => {
  it('are found by the next run, within the time for which they hold', () => {
    const path = join(folder, 'cache', 'slipway', 'findings');
    findingsIn(path).add('one', span);
    findingsIn(path).add('two', span);
    const next = findingsIn(path);
    expect([999, 1_000, 2_000, 2_001].map((at) => next.holds('one', at))).toEqual([false, true, true, false]);
    expect(next.holds('two', 1_500)).toBe(true);
    expect(next.holds('three', 1_500)).toBe(false);
  });

  it('are in a file of the user’s alone', () => {
    const path = join(folder, 'own', 'findings');
    findingsIn(path).add('one', span);
    expect([statSync(join(folder, 'own')), statSync(path)].map(({ mode }) => mode & 0o777)).toEqual([0o700, 0o600]);
  });

  it('that others could have written hold nothing', () => {
    const path = join(folder, 'open');
    findingsIn(path).add('one', span);
    chmodSync(path, 0o622);
    expect(findingsIn(path).holds('one', 1_500)).toBe(false);
  });

  it('are lost where they cannot be kept, and no error is told', () => {
    writeFileSync(join(folder, 'file'), '');
    const findings = findingsIn(join(folder, 'file', 'findings'));
    findings.add('one', span);
    expect(findings.holds('one', 1_500)).toBe(true);
    expect(findingsIn(join(folder, 'file', 'findings')).holds('one', 1_500)).toBe(false);
  });

  it('are some hundreds at most, of which the older ones go', () => {
    const path = join(folder, 'many');
    for (let i = 1; i <= 401; i++) findingsIn(path).add(`key-${i}`, span);
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(250);
    expect(findingsIn(path).holds('key-401', 1_500)).toBe(true);
    expect(findingsIn(path).holds('key-1', 1_500)).toBe(false);
  });

  it('of a line that is damaged hold nothing', () => {
    const path = join(folder, 'damaged');
    writeFileSync(path, 'one 1000\ntwo 1000 2000\n\u0000\n', { mode: 0o600 });
    expect(findingsIn(path).holds('one', 1_500)).toBe(false);
    expect(findingsIn(path).holds('two', 1_500)).toBe(true);
  });
});
