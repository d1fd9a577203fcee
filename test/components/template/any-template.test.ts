import fc from 'fast-check';
import { expect, it } from 'vitest';

import { readTemplate } from '../../../src/components/template/index.js';
import { UsageError } from '../../../src/errors/index.js';

const parts = [
  'a: ',
  'b:\n',
  '  c: 1\n',
  '- x\n',
  '\n',
  '  ',
  '"',
  "'",
  '|\n',
  ': ',
  '---\n',
  '{{q options.a}}',
  '{{q options.b}}',
  '{{q options.missing}}',
  '{{yaml options.map indent=2}}',
  '{{yaml options.list}}',
  '{{text options.a}}',
  '{{file "f" indent=2}}',
  '{{#if options.a}}',
  '{{#if options.missing}}',
  '{{else}}',
  '{{/if}}',
  '{{#each options.list as |x|}}',
  '{{q x}}',
  '{{q this}}',
  '{{q @index}}',
  '{{/each}}',
  '{{#with options.map}}',
  '{{q ../options.a}}',
  '{{/with}}',
  '{{options.a}}',
  '{{{q options.a}}}',
  '{{> x}}',
  '{{!-- x --}}',
  '{{~',
  '}}',
  '\\{{',
  '{{q (concat options.a 1)}}',
  '{{q (join options.list ",")}}',
  '{{q (share options.a 5)}}',
  '&a ',
  '*a',
  '<<: *a\n',
  '? ',
  '!!set ',
  '# ',
];

it('any template is read and rendered, or refused with its name and line', () => {
  const context = { options: { a: 'x', b: 1, map: { k: 'v', l: [1] }, list: ['p', 'q'] } };
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 14 }), (chosen) => {
      const text = chosen.join('');
      const lines = text.split('\n').length;
      try {
        const one = readTemplate({
          file: '/x/t.yaml.hbs',
          shown: 't.yaml.hbs',
          text,
          context: { type: 'object', additionalProperties: false, properties: { options: {} } },
          readFile: () => 'line one\n  line two\n',
        });
        for (const { data, line } of one.documents(context)) {
          expect(JSON.stringify(data)).not.toContain('\ue000');
          expect(line).toBeLessThanOrEqual(lines);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        const found = /^t\.yaml\.hbs:(\d+): \S/.exec((error as Error).message);
        expect(Number(found?.[1])).toBeGreaterThanOrEqual(1);
        expect(Number(found?.[1])).toBeLessThanOrEqual(lines);
        expect((error as Error).message).not.toContain('\ue000');
      }
    }),
    { numRuns: 3000 },
  );
});
