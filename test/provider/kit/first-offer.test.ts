import { describe, expect, it } from 'vitest';

import { createText, hasChoice } from '../../../src/provider/kit/first-offer.js';

const offer = (name: string, ...places: string[]) => ({
  name,
  offers: places.map((location) => ({
    location,
    available: true,
    monthly: 1,
    hourly: 0.01,
    unavailableAfter: undefined,
  })),
});
const request = { types: ['cax21', 'cax31'], location: 'fsn1', elsewhere: ['nbg1'] };

describe('what a plan says of a machine to come', () => {
  it.each([
    ['its first type at its own location', [offer('cax21', 'fsn1', 'nbg1')], 'create cax21 in fsn1'],
    [
      'the next type there before any other location',
      [offer('cax21', 'nbg1'), offer('cax31', 'fsn1')],
      'create cax31 in fsn1, as cax21 is not to be had in fsn1 now',
    ],
    [
      'the first type at the next location where its own has none',
      [offer('cax21', 'nbg1'), offer('cax31', 'nbg1')],
      'create cax21 in nbg1, as cax21 is not to be had in fsn1 now',
    ],
    ['what was asked for where nothing is on offer', [], 'create cax21 in fsn1'],
  ])('is %s', (_, catalog, text) => {
    expect(createText(request, catalog)).toBe(text);
  });

  it('takes no look at a catalogue where there is nothing to choose', () => {
    expect(hasChoice({ types: ['cax21'] })).toBe(false);
    expect(hasChoice({ types: ['cax21'], elsewhere: ['nbg1'] })).toBe(true);
    expect(hasChoice({ types: ['cax21', 'cax31'] })).toBe(true);
  });
});
