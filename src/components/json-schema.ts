import type { JsonSchema } from '../domain/source/json-schema.js';
import type { Catalogue } from './types.js';

/**
 * The cluster file's schema with each component's own options beside the settings that all have, for editors.
 * @param schema of the cluster file, which knows components by their common settings only
 */
export function withComponents(schema: JsonSchema, { components }: Catalogue): JsonSchema {
  const general = schema.properties?.['components'];
  const settings = anyComponent(general)?.properties ?? {};
  const named = [...components.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, title, description, options }): [string, JsonSchema] => [
      name,
      {
        description: `${title}. ${description}`,
        anyOf: [{ type: 'boolean' }, { ...options, properties: { ...options.properties, ...settings } }],
      },
    ]);
  const own = { ...general, properties: { ...general?.properties, ...Object.fromEntries(named) } };
  return { ...schema, properties: { ...schema.properties, components: own } };
}

/** The form of a component that nothing is known of. */
function anyComponent(general: JsonSchema | undefined): JsonSchema | undefined {
  const more = general?.additionalProperties;
  return typeof more === 'object' ? more.anyOf?.find(({ properties }) => properties) : undefined;
}
