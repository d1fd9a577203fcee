import { columnsOf } from './index.js';
import type { Obj } from '../objects.js';
import type { Resource } from '../resources.js';

/** The Table that kubectl asks for. */
export function tableOf(
  resource: Resource,
  objects: readonly Obj[],
  now: number,
  metadata: Record<string, unknown>,
  includeObject: string,
): Record<string, unknown> {
  const shown = columnsOf(resource);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: shown.map(({ name, type = 'string', format = '', description = name, priority = 0 }) => ({
      name,
      type,
      format,
      description,
      priority,
    })),
    rows: objects.map((object) => ({
      cells: shown.map((column) => column.read(object, now)),
      object: rowObject(object, includeObject),
    })),
  };
}

/** What of an object goes with its row: `None`, `Object` or its metadata. */
function rowObject(object: Obj, include: string): unknown {
  if (include === 'None') return null;
  if (include === 'Object') return object;
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
