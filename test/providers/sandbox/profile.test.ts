import { describe, expect, it } from 'vitest';

import { defaultProfile, storedProfile, timeScaleFrom } from '../../../providers/sandbox/profile.js';

describe('the time scale of the sandbox', () => {
  it.each(['0', '0.01', '1', ' 2 '])('is taken from %j', (text) => {
    expect(timeScaleFrom(text)).toBe(Number(text));
  });
  it.each(['abc', '', '-1', 'NaN', 'Infinity', '1e9'])('is refused from %j before anything is stored', (text) => {
    expect(() => timeScaleFrom(text)).toThrow(expect.objectContaining({ code: 'BAD_TIME_SCALE', exitCode: 2 }));
  });
});

it('a profile that was damaged on the disk is read with what it should be', () => {
  expect(storedProfile({ timeScale: null, bootMs: 5, actionMs: '7', other: 1 })).toEqual({
    ...defaultProfile,
    bootMs: 5,
  });
  for (const lost of [undefined, null, 'text', []]) expect(storedProfile(lost)).toEqual(defaultProfile);
});
