import { Ajv2020, type Options } from 'ajv/dist/2020.js';

import type { JsonSchema } from '../domain/source/json-schema.js';
import { formatTests, type Validate } from './options.js';

/** How options are held against schemas: what is missing is filled in. */
export const optionsSettings: Options = {
  allErrors: true,
  useDefaults: true,
  verbose: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  formats: formatTests,
};

export interface SchemaChecker {
  readonly options: (schema: JsonSchema) => Validate;
  readonly values: (schema: JsonSchema) => Validate;
}

/** Compiles schemas; one for all components, since making it takes time. */
export function schemaChecker(): SchemaChecker {
  let ajv: Ajv2020 | undefined;
  return {
    options: (schema) => (ajv ??= new Ajv2020(optionsSettings)).compile(schema),
    values: (schema) =>
      new Ajv2020({
        allErrors: true,
        verbose: true,
        strict: false,
        validateFormats: false,
        validateSchema: false,
      }).compile(schema),
  };
}
