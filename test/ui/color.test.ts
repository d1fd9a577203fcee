import { describe, expect, it } from 'vitest';

import { colorMarks, colorTrouble, takesColor } from '../../src/ui/color.js';

describe('colours', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [undefined, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { NO_COLOR: '1', FORCE_COLOR: '1' }, true],
  ])('on a stream with isTTY %s and %o: %s', (isTTY, env, taken) => {
    expect(takesColor({ isTTY }, env)).toBe(taken);
  });

  it('mark what a plan adds, changes and removes, and nothing within a line', () => {
    const plan = 'Create machines\n  + cp-1  a + b\n      ~ replicas: 2 → 3\n  - old  delete it\n\n- no step';
    expect(colorMarks(plan)).toBe(
      'Create machines\n  \u001b[32m+\u001b[39m cp-1  a + b\n      \u001b[33m~\u001b[39m replicas: 2 → 3\n  \u001b[31m-\u001b[39m old  delete it\n\n- no step',
    );
  });

  it('mark errors, failures and warnings where they begin', () => {
    expect(colorTrouble('Error: no disk\n  Error: quoted')).toBe('\u001b[31mError:\u001b[39m no disk\n  Error: quoted');
    expect(colorTrouble('   +1.0s  cp-1  FAILED: create')).toBe('   +1.0s  cp-1  \u001b[31mFAILED:\u001b[39m create');
    expect(colorTrouble('Warning: old')).toBe('\u001b[33mWarning:\u001b[39m old');
  });
});
