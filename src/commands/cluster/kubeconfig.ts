import { Args, Flags } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { mergeFlag, mergeKubeconfig } from '../../cli/merge-kubeconfig.js';
import { UsageError } from '../../errors/index.js';
import { clusterKubeconfig } from '../../workflows/cluster/kubeconfig.js';

export default class ClusterKubeconfig extends BaseCommand {
  static override summary = 'Print the cluster’s kubeconfig, read from a server when none is saved.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo > kubeconfig',
    '<%= config.bin %> <%= command.id %> demo --merge',
  ];
  static override usage = '<%= command.id %> NAME [--path | --merge | --server ADDRESS]';
  static override args = {
    name: Args.string({ ignoreStdin: true, description: 'The cluster’s name.', required: true }),
  };
  static override flags = {
    merge: mergeFlag,
    path: Flags.boolean({ description: 'Print where the file is instead.', exclusive: ['merge'] }),
    server: Flags.string({
      description: 'Ask this address of the API instead of the first, one of those that the cluster has.',
      exclusive: ['merge', 'path'],
    }),
  };

  async run(): Promise<{ path: string | undefined; kubeconfig: string }> {
    const { args, flags } = await this.parse(ClusterKubeconfig);
    return this.withRuntime(flags, async (runtime) => {
      const { path, text } = await clusterKubeconfig(runtime, args.name, flags.server);
      if (flags.merge) this.log(`merged into ${await mergeKubeconfig(runtime, args.name)}`);
      else if (flags.path) this.log(path ?? noFile(runtime.workspace.path, args.name));
      else this.logData(text.reveal().trimEnd());
      return { path, kubeconfig: text.reveal() };
    });
  }
}

function noFile(workspace: string, cluster: string): never {
  throw new UsageError(`The kubeconfig of ${cluster} is no file of this computer: it is in ${workspace}.`, {
    code: 'NO_FILE',
    hint: `Have it merged into your own, or write it to a file: slipway cluster kubeconfig ${cluster} --merge`,
  });
}
