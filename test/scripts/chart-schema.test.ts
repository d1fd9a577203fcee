import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';

import { type ChartSource, schemaText, valuesSchema } from '../../scripts/chart-schema.js';

const values = `
image:
  tag: v1
  # digest: sha256:…
service:
  annotations: {a: b}
  spec: {}
ports:
  web: {port: 80}
persistence:
  enabled: false
#   storageClass: fast
  # -- a sentence: with a colon
`;

/** Whether the schema of a chart, as it is written to a file, allows these values. */
function allows(source: ChartSource, given: unknown): boolean {
  const text = schemaText(valuesSchema(source), 'a chart');
  return new Ajv2020({ strict: false }).compile(JSON.parse(text) as object)(given);
}

describe('the schema of a chart’s values', () => {
  it.each<[boolean, unknown]>([
    [true, { image: { tag: 'v2' } }],
    [true, { image: { digest: 'sha256:0' } }],
    [true, { persistence: { storageClass: 'fast' } }],
    [true, { service: { annotations: { any: 'thing' }, spec: { any: 'thing' } } }],
    [true, { global: { any: 'thing' } }],
    [false, { imag: {} }],
    [false, { image: { tga: 'v2' } }],
    [false, { service: { digest: 'sha256:0' } }],
    [false, { persistence: { a: 1 } }],
  ])('comes from its keys where it has none of its own: %s for %j', (allowed, given) => {
    expect(allows({ values }, given)).toBe(allowed);
  });

  const schema = {
    type: 'object',
    additionalProperties: true,
    required: ['image'],
    properties: {
      image: { $ref: '#/$defs/image' },
      ports: { type: 'object', additionalProperties: { type: 'object', properties: { port: { type: 'integer' } } } },
      tree: { $ref: '#/$defs/tree' },
    },
    $defs: {
      image: { type: 'object', description: 'An image.', properties: { tag: { type: 'string' } } },
      tree: { type: 'object', properties: { leaf: { $ref: '#/$defs/tree' } } },
    },
  };

  it.each<[boolean, unknown]>([
    [true, {}],
    [true, { image: { tag: 'v2', digest: 'sha256:0' } }],
    [true, { ports: { mine: { port: 81 } } }],
    [true, { persistence: { enabled: true }, tree: { leaf: { leaf: {} } } }],
    [false, { image: { tag: 2 } }],
    [false, { image: { tga: 'v2' } }],
    [false, { ports: { mine: { port: 'http' } } }],
    [false, { persistance: {} }],
  ])('joins its own schema with its keys: %s for %j', (allowed, given) => {
    expect(allows({ values, schema }, given)).toBe(allowed);
  });

  it('holds no text and no default of the chart’s', () => {
    expect(schemaText(valuesSchema({ values, schema }), 'a chart')).not.toMatch(/An image|description|v1/);
  });

  it.each<[boolean, unknown]>([
    [true, { db: { size: 1, set: 2 } }],
    [false, { db: { sise: 1 } }],
    [true, { absent: { any: 'thing' } }],
  ])('knows the charts inside it: %s for %j', (allowed, given) => {
    const inner = { db: { values: 'size: 1\n' }, absent: undefined };
    expect(allows({ values: 'db: {set: 1}\n', inner }, given)).toBe(allowed);
  });
});
