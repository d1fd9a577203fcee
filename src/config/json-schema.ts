import { z } from 'zod';

import type { JsonSchema } from '../domain/source/json-schema.js';
import { clusterSchema } from './cluster-schema.js';

export type { JsonSchema } from '../domain/source/json-schema.js';

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
