import { z } from 'zod';

import { clusterSchema } from '../domain/spec/schema.js';

/** A JSON Schema, as far as ours goes: plain data. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly propertyNames?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** The JSON Schema of a cluster file as a person writes it, for editors and for `slipway schema`. */
export function clusterJsonSchema(): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(clusterSchema, { io: 'input' }) as JsonSchema;
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'Slipway cluster file',
    description: 'What a cluster should be: cluster.yaml.',
    ...rest,
  };
}

/** The part of a schema that describes the value at `path`; undefined where the schema knows nothing of it. */
export function schemaAt(schema: JsonSchema, path: readonly (string | number)[]): JsonSchema | undefined {
  let here: JsonSchema | undefined = schema;
  for (const part of path) {
    if (here === undefined) return undefined;
    const branches: readonly JsonSchema[] = here.anyOf ?? [here];
    here = branches
      .map((branch) => {
        if (typeof part === 'number') return branch.items;
        const more = typeof branch.additionalProperties === 'object' ? branch.additionalProperties : undefined;
        return branch.properties?.[part] ?? more;
      })
      .find((found) => found !== undefined);
  }
  return here;
}
