import { resolve } from 'node:path';

import { Args, Flags } from '@oclif/core';

import { BaseCommand } from '../../runtime/base-command.js';
import { clusterInput } from '../../runtime/cluster-input.js';
import { type ComponentRendering, renderToFiles } from '../../workflows/component-render.js';

export default class ComponentRender extends BaseCommand {
  static override summary = 'Write what components put into a cluster as plain YAML.';
  static override description =
    'Flux, Argo CD or `kubectl apply -k` can apply the folder. Secrets are never written; secrets-needed.yaml names them. Without --out the files are printed.';
  static override strict = false;
  static override args = { name: Args.string({ description: 'Components; default: all that are on.' }) };
  static override examples = [
    '<%= config.bin %> <%= command.id %> -c demo --out deploy/components',
    '<%= config.bin %> <%= command.id %> traefik -f cluster.yaml',
  ];
  static override flags = {
    cluster: Flags.string({ char: 'c', description: 'The cluster’s name.' }),
    file: Flags.string({ char: 'f', description: 'The cluster file.' }),
    out: Flags.string({
      char: 'o',
      description: 'The folder to write to. Files of an earlier rendering that are no longer wanted go.',
    }),
  };

  async run(): Promise<ComponentRendering> {
    const { argv, flags } = await this.parse(ComponentRender);
    return this.withRuntime(flags, async (runtime) => {
      const input = await clusterInput(runtime, { name: flags.cluster, file: flags.file, describe: {} }, false);
      const folder = flags.out === undefined ? undefined : resolve(flags.out);
      const rendering = await renderToFiles(runtime, { spec: input.spec, names: argv.map(String), folder });
      const { files, removed } = rendering;
      if (folder === undefined)
        for (const [path, text] of Object.entries(files)) this.logData(`---\n# ${path}\n${text.trimEnd()}`);
      else
        this.log(
          `${Object.keys(files).length} files in ${flags.out}${removed.length === 0 ? '' : `, ${removed.length} old ones removed`}: ${rendering.components.join(', ') || 'no component is on'}`,
        );
      return rendering;
    });
  }
}
