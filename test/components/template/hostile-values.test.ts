import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readTemplate } from '../../../src/components/template/index.js';
import { hostileKey, hostileMap, hostileText, hostileValue, plain } from '../hostile.js';

const template = (text: string) =>
  readTemplate({
    file: '/x/values.yaml.hbs',
    shown: 'values.yaml.hbs',
    text,
    context: { type: 'object' },
    readFile: () => '',
  });
const data = (one: ReturnType<typeof template>, context: Record<string, unknown>): unknown => {
  const documents = one.documents(context);
  expect(documents).toHaveLength(1);
  return documents[0]!.data;
};

describe('whatever a value holds, it stays that value', () => {
  it('as value, item, in flow style and as key', () => {
    const one = template('a: {{q x}}\nb:\n  - {{q x}}\nc: [{{q x}}, {k: {{q x}} }]\nd:\n  {{q key}}: 1\ne: end\n');
    fc.assert(
      fc.property(hostileValue, hostileKey, (x, key) => {
        const value = plain(x);
        expect(data(one, { x, key })).toEqual({
          a: value,
          b: [value],
          c: [value, { k: value }],
          d: plain({ [key]: 1 }),
          e: 'end',
        });
      }),
      { numRuns: 300 },
    );
  });

  it('as a block, wherever the helper stands', () => {
    const one = template(
      'a:\n  {{yaml x indent=2}}\nb: {{yaml x indent=2}}\nc:\n{{yaml x indent=4}}\nd:\n  - {{yaml x indent=4}}\n  - 1\ne: end\n',
    );
    fc.assert(
      fc.property(hostileValue, (x) => {
        const value = plain(x);
        expect(data(one, { x })).toEqual({ a: value, b: value, c: value, d: [value, 1], e: 'end' });
      }),
      { numRuns: 300 },
    );
  });

  it('as keys among others', () => {
    const one = template('a:\n  own: 1\n  {{yaml x indent=2}}\ne: end\n');
    fc.assert(
      fc.property(
        hostileMap.filter((map) => !Object.hasOwn(map, 'own')),
        (x) => {
          expect(data(one, { x })).toEqual({
            a: plain(Object.fromEntries([['own', 1], ...Object.entries(x)])),
            e: 'end',
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('in parts that are put together', () => {
    const one = template('a: {{q (concat "http://" x ":80/" x)}}\nb: {{q (join (list x "b") ",")}}\n');
    fc.assert(
      fc.property(hostileText, (x) => {
        expect(data(one, { x })).toEqual({ a: `http://${x}:80/${x}`, b: `${x},b` });
      }),
    );
  });

  it('quoted in a block of text, for another language’s strings', () => {
    const one = template('a: |\n  url = {{q x}}\n  end\nb: 1\n');
    fc.assert(
      fc.property(hostileText, (x) => {
        const { a, b } = data(one, { x }) as { a: string; b: number };
        expect(b).toBe(1);
        const [first, last] = a.split('\n');
        expect(JSON.parse(first!.slice('url = '.length))).toBe(x);
        expect(last).toBe('end');
      }),
    );
  });

  it('as bare text in a block of text: it never gets out of it', () => {
    const one = template('a: |\n  begin\n  {{text x}}\n  end\nb: 1\n');
    fc.assert(
      fc.property(hostileText, (x) => {
        const { a, b, ...more } = data(one, { x }) as { a: string; b: number };
        expect(more).toEqual({});
        expect(b).toBe(1);
        // YAML has no other end of line than \n in a block, and drops the spaces of lines that hold nothing else.
        const lines = (text: string): string[] =>
          text
            .replace(/\r\n?/g, '\n')
            .split('\n')
            .map((line) => line.trimEnd());
        expect(lines(a)).toEqual(['begin', ...lines(x), 'end', '']);
      }),
    );
  });

  it('or is refused where it would not: in quotes, beside other text, as bare text', () => {
    for (const text of [
      'a: "{{q x}}"',
      "a: '{{q x}}'",
      'a: b{{q x}}',
      'a: {{q x}}b',
      'a: {{q x}} b',
      'a: b {{q x}}',
      'a: {{text x}}',
    ]) {
      const one = template(text);
      fc.assert(
        fc.property(
          hostileText.filter((x) => x !== ''),
          (x) => {
            expect(() => one.documents({ x })).toThrow(/^values\.yaml\.hbs:1: /);
          },
        ),
        { numRuns: 60 },
      );
    }
  });
});
