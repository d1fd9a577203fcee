import { z } from 'zod';

import type { JsonSchema } from '../domain/source/json-schema.js';
import { allClusterSchemas } from './cluster-schema.js';

export type { JsonSchema } from '../domain/source/json-schema.js';

/** The JSON Schema of a cluster file as a person writes it, for editors and for `slipway schema`. */
export function clusterJsonSchema(): JsonSchema {
  const [own, ...others] = allClusterSchemas().map((one) => z.toJSONSchema(one, { io: 'input' }) as JsonSchema);
  const { $schema, ...rest } = own!;
  // Where the distributions’ words differ, the form of any of them will do: which one, the file says.
  const version = versionIn(rest);
  const patterns = [version, ...others.map(versionIn)].flatMap((one) =>
    typeof one['pattern'] === 'string' ? [one['pattern']] : [],
  );
  Object.assign(version, { pattern: patterns.join('|') });
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'Slipway cluster file',
    description: 'What a cluster should be: cluster.yaml.',
    ...rest,
  };
}

const versionIn = (schema: JsonSchema): Record<string, unknown> => {
  const { kubernetes } = schema['properties'] as Record<
    string,
    { properties: Record<string, Record<string, unknown>> }
  >;
  return kubernetes!.properties['version']!;
};
