/** A JSON Schema, as far as ours goes: plain data. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
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
