import { Args, Flags } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { clusterInput } from '../../cli/cluster-input.js';
import { replaceFlags, replaceOptions } from '../../cli/recycle-input.js';
import { planText, renderReady } from '../../cli/views/cluster.js';
import { applyFile, planFile } from '../../workflows/cluster/apply.js';
import type { ClusterPlan, ReconcileResult } from '../../workflows/cluster/reconcile.js';

export default class ClusterApply extends BaseCommand {
  static override summary = 'Make every change the cluster file asks for; removing machines asks first.';
  static override description =
    'Machines of another type, image or location than the file asks for are replaced as `cluster recycle` does it, after all other changes. Then, asked about by itself, every node is brought to another release as `cluster upgrade` does it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --dry-run',
    '<%= config.bin %> <%= command.id %> -f cluster.yaml --yes',
    '<%= config.bin %> <%= command.id %> -f - --yes < cluster.yaml',
  ];
  static override args = { name: Args.string({ ignoreStdin: true, description: 'The cluster’s name.' }) };
  static override flags = {
    file: Flags.string({ char: 'f', description: 'The cluster file; - reads standard input.' }),
    ...replaceFlags,
  };

  async run(): Promise<ReconcileResult | ClusterPlan> {
    const { args, flags } = await this.parse(ClusterApply);
    return this.withRuntime(flags, async (runtime) => {
      const input = await clusterInput(runtime, { name: args.name, file: flags.file, describe: {} }, false);
      const replace = replaceOptions(flags);
      if (flags['dry-run']) {
        const plan = await planFile(runtime, input, replace);
        this.logMarked(planText(plan));
        return plan;
      }
      const result = await applyFile(runtime, { ...input, replace }, this.commandLine());
      this.log(renderReady(result));
      return result;
    });
  }
}
