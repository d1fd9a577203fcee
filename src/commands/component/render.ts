import { resolve } from 'node:path';

import { Args, Flags } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { clusterAndNames, clusterArg, clusterFlag } from '../../cli/cluster-args.js';
import { clusterInput } from '../../cli/cluster-input.js';
import { type ComponentRendering, renderToFiles } from '../../workflows/component/render.js';

export default class ComponentRender extends BaseCommand {
  static override summary = 'Write what components put into a cluster as plain YAML.';
  static override description =
    'Flux, Argo CD or `kubectl apply -k` can apply the folder. Secrets are never written; secrets-needed.yaml names them. Without --out the files are printed.';
  static override strict = false;
  static override usage = '<%= command.id %> [CLUSTER | --file FILE] [COMPONENT...]';
  static override args = {
    cluster: clusterArg,
    name: Args.string({ ignoreStdin: true, description: 'Components; default: all that are on.' }),
  };
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --out deploy/components',
    '<%= config.bin %> <%= command.id %> traefik -f cluster.yaml',
  ];
  static override flags = {
    cluster: clusterFlag,
    file: Flags.string({ char: 'f', description: 'The cluster file; - reads standard input.' }),
    out: Flags.string({
      description: 'The folder to write to. Files of an earlier rendering that are rendered no more are deleted.',
    }),
  };

  async run(): Promise<ComponentRendering> {
    const { argv, flags } = await this.parse(ComponentRender);
    return this.withRuntime(flags, async (runtime) => {
      const { cluster, names } = clusterAndNames(argv.map(String), flags);
      const input = await clusterInput(runtime, { name: cluster, file: flags.file, describe: {} }, false);
      const folder = flags.out === undefined ? undefined : resolve(flags.out);
      const rendering = await renderToFiles(runtime, { spec: input.spec, names, folder });
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
