import { Args, Flags } from '@oclif/core';

import { exitCodes } from '../../errors/index.js';
import { BaseCommand } from '../../cli/base-command.js';
import { describeFlags, described } from '../../cli/cluster-flags.js';
import { clusterInput } from '../../cli/cluster-input.js';
import { planText } from '../../cli/views/cluster.js';
import { planFile } from '../../workflows/cluster/apply.js';
import type { ClusterPlan } from '../../workflows/cluster/reconcile.js';

export default class ClusterPlanCommand extends BaseCommand {
  static override summary = 'Show every step that create or apply would take; change nothing.';
  static override description =
    'A token that can only read is enough, and secrets of components need not be set: what could not be looked at is named.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> -f cluster.yaml --detailed-exitcode',
    '<%= config.bin %> <%= command.id %> demo --provider hetzner --control-planes 3',
  ];
  static override args = { name: Args.string({ ignoreStdin: true, description: 'The cluster’s name.' }) };
  static override flags = {
    file: Flags.string({ char: 'f', description: 'The cluster file; - reads standard input.' }),
    'detailed-exitcode': Flags.boolean({ description: 'Exit with 5 when the cluster differs from the file.' }),
    ...describeFlags,
  };

  async run(): Promise<ClusterPlan> {
    const { args, flags } = await this.parse(ClusterPlanCommand);
    return this.withRuntime(flags, async (runtime) => {
      const input = await clusterInput(
        runtime,
        { name: args.name, file: flags.file, describe: described(flags) },
        true,
      );
      const plan = await planFile(runtime, input);
      this.logMarked(planText(plan));
      if (flags['detailed-exitcode'] && plan.steps.length + plan.outdated.length + plan.unfit.length > 0) {
        process.exitCode = exitCodes.changes;
      }
      return plan;
    });
  }
}
