import { describe, expect, it } from 'vitest';

import {
  type BackupPart,
  configToTry,
  neverProven,
  partsHeld,
  partsToProve,
  partText,
  type ProvenPart,
  provenPartText,
  withProven,
} from '../../src/domain/index.js';

const day = 24 * 3_600_000;
const now = Date.parse('2026-11-26T15:00:00Z');
const proven = (kind: BackupPart['kind'], name: string, daysAgo: number): ProvenPart => ({
  kind,
  name,
  backup: 'b',
  at: new Date(now - daysAgo * day).toISOString(),
  as: 'drill',
  tookMs: 4000,
  count: 12,
});
const held = partsHeld({ volumes: ['shop/db', 'shop/files'], streams: ['ORDERS'] });

describe('what a backup holds beside etcd’s data', () => {
  it('is each volume and each stream, and nothing of a backup from before they were named', () => {
    expect(held.map(partText)).toEqual(['volume of shop/db', 'volume of shop/files', 'stream ORDERS']);
    expect(partsHeld({})).toEqual([]);
  });

  it('is to be proven where it never was, or a week ago; one that has the name of another kind proves nothing', () => {
    const known = [proven('claim', 'shop/db', 6), proven('stream', 'ORDERS', 7), proven('stream', 'shop/files', 1)];
    expect(partsToProve(held, known, now, 7 * day).map(partText)).toEqual(['volume of shop/files', 'stream ORDERS']);
    expect(neverProven(held, known).map(partText)).toEqual(['volume of shop/files']);
  });

  it('is known by the last time that it was brought back', () => {
    const before = [proven('claim', 'shop/db', 6), proven('stream', 'ORDERS', 7)];
    const after = withProven(before, [proven('stream', 'ORDERS', 0)]);
    expect(after).toHaveLength(2);
    expect(partsToProve(held.slice(2), after, now, 7 * day)).toEqual([]);
  });

  it.each([
    [proven('claim', 'shop/db', 1), '12 files, took 4 s'],
    [{ ...proven('stream', 'ORDERS', 1), count: 1 }, '1 message, took 4 s'],
    [{ ...proven('claim', 'shop/db', 1), count: undefined }, 'took 4 s'],
  ])('is told with what came back', (part, text) => expect(provenPartText(part)).toBe(text));
});

it('a stream is tried without what ties it to its cluster, and with nothing that takes messages away', () => {
  const config = {
    name: 'ORDERS',
    subjects: ['orders.*'],
    num_replicas: 3,
    max_age: 1,
    max_bytes: 2 ** 50,
    placement: { cluster: 'other' },
    sources: [{ name: 'ELSEWHERE' }],
    republish: { src: '>', dest: 'copy.>' },
  };
  expect(configToTry(config)).toEqual({
    name: 'ORDERS',
    subjects: ['orders.*'],
    num_replicas: 1,
    max_age: 0,
    max_bytes: -1,
  });
});
