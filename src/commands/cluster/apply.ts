import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { clusterInput } from '../../cli/cluster-input.js';
import { renderReady } from '../../cli/views/cluster.js';
import { reconcile, type ReconcileResult } from '../../workflows/cluster/reconcile.js';

export default class ClusterApply extends BaseCommand {
  static override summary = 'Make every change the cluster file asks for; removing machines asks first.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> -f cluster.yaml --yes',
    '<%= config.bin %> <%= command.id %> -f - --yes < cluster.yaml',
  ];
  static override args = { name: Args.string({ ignoreStdin: true, description: 'The cluster’s name.' }) };
  static override flags = {
    file: Flags.string({ char: 'f', description: 'The cluster file; - reads standard input.' }),
    yes: yesFlag,
  };

  async run(): Promise<ReconcileResult> {
    const { args, flags } = await this.parse(ClusterApply);
    return this.withRuntime(flags, async (runtime) => {
      const input = await clusterInput(runtime, { name: args.name, file: flags.file, describe: {} }, false);
      const result = await reconcile(runtime, input, 'cluster apply', this.commandLine());
      this.log(renderReady(result));
      return result;
    });
  }
}
