import { describe, expect, it } from 'vitest';

import { machineType } from '../../../providers/hetzner/catalog.js';
import { now, serverType } from './support/fixtures.js';

const ends = (date: string) => ({ announced: '2026-01-01T00:00:00Z', unavailable_after: date });

describe('a machine type', () => {
  it('has an offer per location, with net prices as numbers', () => {
    expect(machineType(serverType('cax21'), now)).toEqual({
      name: 'cax21',
      cores: 4,
      memoryGiB: 8,
      diskGB: 80,
      architecture: 'arm64',
      offers: [
        { location: 'fsn1', available: true, hourly: 0.0104, monthly: 6.49 },
        { location: 'nbg1', available: true, hourly: 0.0104, monthly: 6.49 },
      ],
    });
  });

  it('can’t be ordered where it has ended', () => {
    const locations = [
      { name: 'fsn1', available: true, deprecation: ends('2026-11-01T00:00:00Z') },
      { name: 'nbg1', available: true, deprecation: ends('2027-02-01T00:00:00Z') },
    ];
    const type = machineType(serverType('cax21', { locations }), now);
    expect(type.offers.map((offer) => offer.available)).toEqual([false, true]);
    expect(type.unavailableAfter).toBe('2027-02-01T00:00:00Z');
  });

  it('has no end as long as one location goes on selling it', () => {
    const locations = [
      { name: 'fsn1', available: true, deprecation: ends('2026-12-01T00:00:00Z') },
      { name: 'nbg1', available: true, deprecation: null },
    ];
    expect(machineType(serverType('cax21', { locations }), now).unavailableAfter).toBeUndefined();
  });
});
