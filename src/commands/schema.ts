import { clusterJsonSchema, type JsonSchema } from '../config/index.js';
import { BaseCommand } from '../runtime/base-command.js';

export default class Schema extends BaseCommand {
  static override summary = 'Print the JSON Schema of the cluster file, for editors.';

  async run(): Promise<JsonSchema> {
    await this.parse(Schema);
    const schema = clusterJsonSchema();
    this.log(JSON.stringify(schema, undefined, 2));
    return schema;
  }
}
