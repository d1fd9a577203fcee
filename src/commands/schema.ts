import { resolve } from 'node:path';

import { Flags } from '@oclif/core';

import { clusterJsonSchema, type JsonSchema } from '../config/index.js';
import { BaseCommand } from '../cli/base-command.js';

export default class Schema extends BaseCommand {
  static override summary = 'Print the JSON Schema of the cluster file, for editors.';
  static override description =
    'With the options of every component. In VS Code and others with the YAML language server, save it beside the file and begin that with: # yaml-language-server: $schema=cluster.schema.json';
  static override examples = [
    '<%= config.bin %> <%= command.id %> > cluster.schema.json',
    '<%= config.bin %> <%= command.id %> --folder ./parts > cluster.schema.json',
  ];
  static override flags = {
    folder: Flags.string({
      multiple: true,
      description: 'A folder with components of your own, as under components.folders; may be given several times.',
    }),
  };

  async run(): Promise<JsonSchema> {
    const { flags } = await this.parse(Schema);
    const { schemaWithComponents } = await import('../workflows/component/schema.js');
    const schema = await schemaWithComponents(
      clusterJsonSchema(),
      flags.folder?.map((folder) => resolve(folder)),
    );
    this.log(JSON.stringify(schema, undefined, 2));
    return schema;
  }
}
