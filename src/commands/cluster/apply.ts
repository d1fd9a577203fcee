import { Args, Flags } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { clusterInput } from '../../cli/cluster-input.js';
import { replaceFlags, replaceOptions } from '../../cli/recycle-input.js';
import { upgradeFlags, upgradeHow } from '../../cli/upgrade-input.js';
import { planText, renderReady } from '../../cli/views/cluster.js';
import { applyFile, planFile } from '../../workflows/cluster/apply.js';
import type { ClusterPlan, ReconcileResult } from '../../workflows/cluster/reconcile.js';

export default class ClusterApply extends BaseCommand {
  static override summary = 'Make every change the cluster file asks for; removing machines asks first.';
  static override description =
    'Machines of another type, image or location than the file asks for are replaced as `cluster recycle` does it, after all other changes. Then every node is brought to another release as `cluster upgrade` does it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --dry-run',
    '<%= config.bin %> <%= command.id %> -f cluster.yaml --yes',
    '<%= config.bin %> <%= command.id %> demo --soak 5m --gate-url https://shop.example.com/',
    '<%= config.bin %> <%= command.id %> -f - --yes < cluster.yaml',
  ];
  static override args = { name: Args.string({ ignoreStdin: true, description: 'The cluster’s name.' }) };
  static override flags = {
    file: Flags.string({ char: 'f', description: 'The cluster file; - reads standard input.' }),
    ...replaceFlags,
    ...upgradeFlags,
  };

  async run(): Promise<ReconcileResult | ClusterPlan> {
    const { args, flags } = await this.parse(ClusterApply);
    return this.withRuntime(flags, async (runtime) => {
      const input = await clusterInput(runtime, { name: args.name, file: flags.file, describe: {} }, false);
      const replace = replaceOptions(flags);
      // Of those that are upgraded where they run, one is always missing.
      const maxUnavailable = replace.maxUnavailable > 0 ? String(replace.maxUnavailable) : '10%';
      const how = { ...upgradeHow(flags), maxUnavailable, lose: replace.lose };
      if (flags['dry-run']) {
        const plan = await planFile(runtime, input, { replace, how });
        this.logMarked(planText(plan));
        return plan;
      }
      const result = await applyFile(runtime, { ...input, replace }, how, this.commandLine());
      this.log(renderReady(result));
      return result;
    });
  }
}
