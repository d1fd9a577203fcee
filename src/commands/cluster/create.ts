import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { describeFlags, described } from '../../cli/cluster-flags.js';
import { clusterInput } from '../../cli/cluster-input.js';
import { checkMerge, mergeFlag, mergeKubeconfig } from '../../cli/merge-kubeconfig.js';
import { reconcile, type ReconcileResult } from '../../workflows/cluster/reconcile.js';
import { carefully } from '../../workflows/cluster/replacements.js';
import { renderReady } from '../../cli/views/cluster.js';

export default class ClusterCreate extends BaseCommand {
  static override summary = 'Create a cluster, or finish one that was only partly created.';
  static override description =
    'With neither a file nor --provider, and no provider’s token in the environment, the cluster is made in the sandbox.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --provider hetzner --control-planes 3',
    '<%= config.bin %> <%= command.id %> -f cluster.yaml',
    '<%= config.bin %> <%= command.id %> -f - --yes < cluster.yaml',
  ];
  static override args = { name: Args.string({ ignoreStdin: true, description: 'The cluster’s name.' }) };
  static override flags = {
    file: Flags.string({ char: 'f', description: 'The cluster file; - reads standard input.' }),
    yes: yesFlag,
    ...describeFlags,
    merge: mergeFlag,
  };

  async run(): Promise<ReconcileResult> {
    const { args, flags } = await this.parse(ClusterCreate);
    return this.withRuntime(flags, async (runtime) => {
      const input = await clusterInput(
        runtime,
        { name: args.name, file: flags.file, describe: described(flags) },
        true,
      );
      if (flags.merge) await checkMerge(runtime, input.spec.name);
      const result = await reconcile(runtime, { ...input, replace: carefully }, 'cluster create', this.commandLine());
      if (flags.merge) await mergeKubeconfig(runtime, result.cluster);
      this.log(renderReady(result));
      return result;
    });
  }
}
