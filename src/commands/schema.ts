import { resolve } from 'node:path';

import { Flags } from '@oclif/core';

import { clusterJsonSchema, tenantJsonSchema, type JsonSchema } from '../config/index.js';
import { BaseCommand } from '../cli/base-command.js';

export default class Schema extends BaseCommand {
  static override summary = 'Print the JSON Schema of the cluster file, or of a tenant’s, for editors.';
  static override description =
    'With the options of every component. In VS Code and others with the YAML language server, save it beside the file and begin that with: # yaml-language-server: $schema=cluster.schema.json';
  static override examples = [
    '<%= config.bin %> <%= command.id %> > cluster.schema.json',
    '<%= config.bin %> <%= command.id %> --folder ./parts > cluster.schema.json',
    '<%= config.bin %> <%= command.id %> --kind tenant > tenant.schema.json',
  ];
  static override flags = {
    kind: Flags.option({ options: ['cluster', 'tenant'] as const })({
      default: 'cluster',
      description: 'What the file describes, as its `kind` says.',
    }),
    folder: Flags.string({
      multiple: true,
      description: 'A folder with components of your own, as under components.folders; may be given several times.',
    }),
  };

  async run(): Promise<JsonSchema> {
    const { flags } = await this.parse(Schema);
    const schema = flags.kind === 'tenant' ? tenantJsonSchema() : await clusterSchema(flags.folder);
    this.log(JSON.stringify(schema, undefined, 2));
    return schema;
  }
}

async function clusterSchema(folders: readonly string[] | undefined): Promise<JsonSchema> {
  const { schemaWithComponents } = await import('../workflows/component/schema.js');
  return schemaWithComponents(
    clusterJsonSchema(),
    folders?.map((folder) => resolve(folder)),
  );
}
