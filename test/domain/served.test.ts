import { describe, expect, it } from 'vitest';

import { servedWorse, unfitAsMeasure } from '../../src/domain/index.js';

const probes = (count: number, ms: number, status?: number) => Array.from({ length: count }, () => ({ status, ms }));

describe('what users see of a change', () => {
  it('is as before with the same statuses at much the same pace', () => {
    expect(servedWorse(probes(10, 40, 200), probes(10, 110, 200))).toBeUndefined();
    // A page that says no all along is one that still says no.
    expect(servedWorse(probes(10, 40, 401), probes(10, 40, 401))).toBeUndefined();
  });

  it('is worse where one request fails, or is answered with a status that was not seen before', () => {
    const before = probes(10, 40, 200);
    expect(servedWorse(before, [...probes(9, 40, 200), ...probes(1, 40, 503)])).toBe(
      '1 of 10 requests fail: status 503',
    );
    expect(servedWorse(before, probes(3, 5_000))).toBe('3 of 3 requests fail: no answer');
    expect(servedWorse(before, probes(10, 40, 404))).toBe('10 of 10 requests fail: status 404');
  });

  it('is worse where it takes three times as long, by more than a person would not notice', () => {
    expect(servedWorse(probes(10, 200, 200), probes(10, 700, 200))).toBe(
      'it answers within 700 ms, where it did within 200 ms before',
    );
    expect(servedWorse(probes(10, 20, 200), probes(10, 200, 200))).toBeUndefined();
    // One that lags among many that do not is chance.
    expect(servedWorse(probes(10, 20, 200), [...probes(9, 20, 200), ...probes(1, 4_000, 200)])).toBeUndefined();
  });

  it('is no measure where it fails before the change', () => {
    expect(unfitAsMeasure(probes(10, 20, 404))).toBeUndefined();
    expect(unfitAsMeasure([...probes(9, 20, 200), ...probes(1, 20, 502)])).toBe('1 of 10 requests fail: status 502');
    expect(unfitAsMeasure(probes(3, 5_000))).toBe('3 of 3 requests fail: no answer');
  });
});
