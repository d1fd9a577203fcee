import { describe, expect, it } from 'vitest';

import { columnsOf } from '../../../../providers/sandbox/kube-api/printing/index.js';
import { type Schema, schemaCauses, shaped } from '../../../../providers/sandbox/kube-api/crd-schema.js';
import type { Obj } from '../../../../providers/sandbox/kube-api/objects.js';
import { Resources } from '../../../../providers/sandbox/kube-api/resources.js';

const boat = (spec: Record<string, unknown>, rest: Partial<Obj> = {}): Obj => ({
  apiVersion: 'talk.example/v1',
  kind: 'Boat',
  metadata: { name: 'a' },
  spec,
  ...rest,
});
const schema: Schema = {
  type: 'object',
  required: ['spec', 'metadata'],
  properties: {
    spec: {
      type: 'object',
      required: ['length'],
      properties: {
        length: { type: 'integer', minimum: 1 },
        colour: { type: 'string', enum: ['red', 'blue'], default: 'red' },
        crew: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } } },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        port: { 'x-kubernetes-int-or-string': true },
        cargo: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
};
const said = (object: Obj): string[] =>
  schemaCauses(schema, object).map(({ field, message }) => `${field}: ${message}`);

describe("objects of one's own kinds", () => {
  it('lose what their schema does not know, at any depth, but where it is open', () => {
    const given = boat({
      length: 1,
      colour: 'blue',
      nonsense: 1,
      crew: [{ name: 'Ada', age: 3 }],
      labels: { any: 'thing' },
      cargo: { tea: { kg: 2 } },
    });
    expect(shaped(schema, { ...given, other: 1 })).toEqual(
      boat({ length: 1, colour: 'blue', crew: [{ name: 'Ada' }], labels: { any: 'thing' }, cargo: { tea: { kg: 2 } } }),
    );
  });

  it('get what their schema defaults', () => {
    expect(shaped(schema, boat({ length: 1 })).spec).toEqual({ length: 1, colour: 'red' });
  });

  it('are refused for each rule that they break, each with its field', () => {
    expect(said(boat({ length: 1, port: 80 }))).toEqual([]);
    expect(said(boat({ colour: 'green', crew: [{ name: 1 }], port: true }))).toEqual([
      'spec.length: Required value',
      'spec.colour: Unsupported value: "green": supported values: "red", "blue"',
      'spec.crew[0].name: Invalid value: "integer": spec.crew[0].name in body must be of type string: "integer"',
      expect.stringContaining('spec.port: '),
    ]);
    expect(said({ ...boat({}), spec: undefined } as unknown as Obj)).toEqual(['spec: Required value']);
  });

  it('are shown in the columns that their definition describes', () => {
    const resources = new Resources();
    resources.define({
      spec: {
        group: 'talk.example',
        scope: 'Namespaced',
        names: { plural: 'boats', kind: 'Boat' },
        versions: [
          {
            name: 'v1',
            served: true,
            additionalPrinterColumns: [
              { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
              { name: 'First', type: 'string', jsonPath: '.spec.crew[0].name' },
              { name: 'Label', type: 'string', jsonPath: '.metadata.labels.talk\\.example/port' },
              { name: 'None', type: 'integer', jsonPath: '.spec.none' },
              { name: 'Since', type: 'date', jsonPath: '.metadata.creationTimestamp' },
            ],
          },
        ],
      },
    });
    const columns = columnsOf(resources.byKind('talk.example/v1', 'Boat')!);
    const now = Date.parse('2026-11-20T10:00:30Z');
    const object = boat(
      { crew: [{ name: 'Ada' }, { name: 'Bo' }] },
      {
        metadata: { name: 'a', creationTimestamp: '2026-11-20T10:00:00Z', labels: { 'talk.example/port': 'Kiel' } },
        status: {
          conditions: [
            { type: 'Other', status: 'False' },
            { type: 'Ready', status: 'True' },
          ],
        },
      },
    );
    expect(columns.map((column) => [column.name, column.read(object, now)])).toEqual([
      ['Name', 'a'],
      ['Ready', 'True'],
      ['First', 'Ada'],
      ['Label', 'Kiel'],
      ['None', null],
      ['Since', '30s'],
    ]);
  });
});
