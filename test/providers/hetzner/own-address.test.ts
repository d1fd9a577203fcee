import { describe, expect, it } from 'vitest';

import { hostRange } from '../../../providers/hetzner/own-address.js';

describe('this computer’s own address', () => {
  it.each([
    ['203.0.113.7\n', '203.0.113.7/32'],
    ['2001:db8::7', '2001:db8::7/128'],
    ['<html>captive portal</html>', undefined],
    ['203.0.113', undefined],
    ['', undefined],
  ])('%j is %s', (text, range) => {
    expect(hostRange(text)).toBe(range);
  });
});
