import fc from 'fast-check';

/** Text that has broken out of YAML, templates or quotes somewhere. */
const nasty = [
  '',
  ' ',
  '\n',
  'a\nb: c',
  'x: y',
  'x:',
  '- a',
  '# no comment',
  'a #b',
  '{{q x}}',
  '{{{x}}}',
  '{{/if}}',
  '{a: b}',
  '[a, b]',
  '&anchor x',
  '*alias',
  '<<',
  '!!binary x',
  '!tag',
  '%TAG',
  '---',
  '\n---\n',
  '...',
  '|',
  '>-',
  '"',
  "'",
  '\\',
  '\\n',
  '`',
  '@x',
  '? x',
  'true',
  'Yes',
  'off',
  'null',
  '~',
  '1',
  '1e3',
  '0x1f',
  '0o17',
  '1_000',
  '12:30:45',
  '2026-01-01',
  '.inf',
  '=',
  '\t',
  'a\tb',
  '\r',
  'a\r\nb',
  '\u0000',
  '\u0007',
  '\u0085',
  '\u2028',
  'a\u2029b: c',
  '\ufeff',
  '\u00a0',
  'ä€😀',
  '  leading',
  'trailing  ',
  'a\n\n\n',
  '\n\na',
  'a\n  b\n c',
  'a\n ',
  '__proto__',
  'constructor',
  '${x}',
  '$(x)',
  '</script>',
  'x'.repeat(5000),
  `${'x'.repeat(200)}\n`.repeat(50),
] as const;

/** Any text, and text made of the parts above. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...nasty),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(fc.oneof(fc.constantFrom(...nasty), fc.string({ maxLength: 5 })), { maxLength: 4 })
    .map((all) => all.join('')),
);

/** The same, fit for a key. */
export const hostileKey: fc.Arbitrary<string> = hostileText.filter((text) => text.length < 500);

/** Any value of JSON with such texts and keys. */
export const hostileValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    hostileText,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(hostileKey, tie('value'), { maxKeys: 4 }),
  ),
})).value;

export const hostileMap: fc.Arbitrary<Record<string, unknown>> = fc.dictionary(hostileKey, hostileValue, {
  maxKeys: 4,
});

/** Maps of fast-check have no prototype, those that are read have one. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
