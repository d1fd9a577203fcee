import { readCatalogue, withComponents } from '../../components/index.js';
import type { JsonSchema } from '../../domain/source/json-schema.js';

/**
 * The JSON Schema of the cluster file with every component's options in it.
 * @param schema without them
 * @param folders with components of one's own
 * @throws UsageError code BAD_COMPONENT
 */
export async function schemaWithComponents(schema: JsonSchema, folders: readonly string[] = []): Promise<JsonSchema> {
  return withComponents(schema, await readCatalogue(folders));
}
