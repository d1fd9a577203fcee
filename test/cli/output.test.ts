import { parse } from 'yaml';
import { beforeAll, describe, expect, it } from 'vitest';

import { formatted, prepareOutput } from '../../src/cli/output.js';

beforeAll(() => prepareOutput(['-o', 'yaml']));

/** A bell, colours, C1, bidi, zero width, a separator of lines, a tag. */
const hostile = 'x\u0007\u001b[31m\u009b31m\u202e\u200b\u2028\u{e0041}\ty';

describe.each(['json', 'yaml'] as const)('a result as %s', (format) => {
  it.each([
    ['a value', { name: hostile }],
    ['a key', { [hostile]: 1 }],
    ['a text of several lines', { log: `first\n${hostile}\nlast\n` }],
    ['a long text', { log: `${'word '.repeat(40)}${hostile}` }],
  ])('means the same, and has nothing that a terminal obeys, with such characters in %s', (_, result) => {
    const text = formatted(result, format);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(format === 'json' ? JSON.parse(text) : parse(text)).toEqual(result);
  });
});

it('text of several lines without such characters stays as it is in YAML', () => {
  expect(formatted({ log: 'a\nb\n' }, 'yaml')).toBe('log: |\n  a\n  b');
});
