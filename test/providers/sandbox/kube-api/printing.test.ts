import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { Obj } from '../../../../providers/sandbox/kube-api/index.js';
import { tableOf } from '../../../../providers/sandbox/kube-api/printing/tables.js';
import { builtIns, groupVersion, type Resource } from '../../../../providers/sandbox/kube-api/resources.js';

interface Printed {
  readonly now: string;
  /** Name, type, format and priority, by API version and kind. */
  readonly columns: Readonly<Record<string, readonly (readonly unknown[])[]>>;
  readonly rows: readonly { readonly object: Obj; readonly cells: readonly unknown[] }[];
}

/** Tables that the printers of the real API server made of objects. */
const printed = JSON.parse(readFileSync(new URL('bodies/printed.json', import.meta.url), 'utf8')) as Printed;

interface Table {
  readonly columnDefinitions: readonly {
    readonly name: string;
    readonly type: string;
    readonly format: string;
    readonly priority: number;
  }[];
  readonly rows: readonly { readonly cells: readonly unknown[] }[];
}

const kindOf = (resource: Resource): string => `${groupVersion(resource)} ${resource.kind}`;
const resourceOf = (kind: string): Resource => builtIns.find((one) => kindOf(one) === kind)!;
const tableOfAll = (resource: Resource, objects: readonly Obj[]): Table =>
  tableOf(resource, objects, Date.parse(printed.now), {}, 'None') as unknown as Table;

describe('the table of a built-in kind', () => {
  it.each(Object.entries(printed.columns))('has the columns that kube-apiserver has for %s', (kind, columns) => {
    const { columnDefinitions } = tableOfAll(resourceOf(kind), []);
    expect(columnDefinitions.map(({ name, type, format, priority }) => [name, type, format, priority])).toEqual(
      columns,
    );
  });

  it.each(printed.rows.map((row) => [`${row.object.kind} ${row.object.metadata.name}`, row] as const))(
    'shows an object as kube-apiserver does: %s',
    (_, { object, cells }) => {
      const { rows } = tableOfAll(resourceOf(`${object.apiVersion} ${object.kind}`), [object]);
      expect(rows[0]?.cells).toEqual(cells);
    },
  );

  it('has columns of its own for all kinds but those that have none in truth', () => {
    const plain = builtIns.filter((one) => !printed.columns[kindOf(one)]);
    const columns = plain.map((one) => [
      one.kind,
      tableOfAll(one, []).columnDefinitions.map(({ name, type }) => `${name}: ${type}`),
    ]);
    const createdAt = ['Name: string', 'Created At: date'];
    expect(Object.fromEntries(columns)).toEqual({
      LimitRange: createdAt,
      Role: createdAt,
      ClusterRole: createdAt,
      CustomResourceDefinition: createdAt,
      APIService: ['Name: string', 'Service: string', 'Available: string', 'Age: string'],
    });
  });
});
