import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { jsonText, yamlText } from '../../src/components/index.js';
import { hostileText, hostileValue, plain } from './hostile.js';

describe('a value written as YAML', () => {
  it('is read back as it was, as YAML 1.2 and as the 1.1 that Go programs read', () => {
    fc.assert(
      fc.property(hostileValue, (value) => {
        for (const text of [yamlText(value), jsonText(value)])
          for (const version of ['1.2', '1.1'] as const)
            expect(parse(text, { version, logLevel: 'silent' })).toEqual(plain(value));
      }),
      { numRuns: 400 },
    );
  });

  it('is on one line as JSON, for every reader of lines', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(jsonText(text)).not.toMatch(/[\n\r\u0085\u2028\u2029\ufeff]/);
        expect(JSON.parse(jsonText(text))).toBe(text);
      }),
    );
  });

  it.each(['a\n\n\n', 'a\nb\n\n', 'a\n', 'a\nb'])('keeps the empty lines that %j ends with', (text) => {
    expect(parse(yamlText([text]))).toEqual([text]);
    expect(parse(`${yamlText([text, 'x'])}\n`)).toEqual([text, 'x']);
  });

  it('is easy to read where that is safe', () => {
    const value = {
      name: 'traefik',
      args: ['a: b', 'yes'],
      text: 'one\n  two\n',
      none: {},
      list: [{ a: 1, b: [2] }, []],
      gone: undefined,
    };
    expect(yamlText(value)).toBe(
      [
        'name: traefik',
        'args:',
        '  - "a: b"',
        '  - "yes"',
        'text: |',
        '  one',
        '    two',
        'none: {}',
        'list:',
        '  - a: 1',
        '    b:',
        '      - 2',
        '  - []',
      ].join('\n'),
    );
  });

  it.each([undefined, () => 1, Number.NaN, Infinity])('refuses %s, which YAML cannot hold', (value) => {
    expect(() => jsonText(value)).toThrow(TypeError);
  });
});
