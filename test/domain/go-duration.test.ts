import { describe, expect, it } from 'vitest';

import { asGoWrites } from '../../src/domain/go-duration.js';

describe('a time as Go writes it', () => {
  it.each([
    ['5m', '5m0s'],
    ['90s', '1m30s'],
    ['1h', '1h0m0s'],
    ['1h30m', '1h30m0s'],
    ['61m', '1h1m0s'],
    ['45s', '45s'],
    ['5m0s', '5m0s'],
    ['0s', '0s'],
  ])('%s is %s', (written, expected) => {
    expect(asGoWrites(written)).toBe(expected);
  });
});
