import { Args, Flags } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { clusterInput } from '../../cli/cluster-input.js';
import { type NotifyTestResult, testNotify } from '../../workflows/notify/test.js';

export default class ClusterNotify extends BaseCommand {
  static override summary = 'Try whether those that the cluster file notifies can be told.';
  static override description =
    'Sends a test to every channel under `notify:` of the cluster file, or to one. Secrets are read from the variables and files that the file names, as they are where this runs.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --test',
    '<%= config.bin %> <%= command.id %> demo --test --channel phone',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = {
    test: Flags.boolean({ required: true, description: 'Send a test.' }),
    channel: Flags.string({ description: 'Only to this one.' }),
  };

  async run(): Promise<NotifyTestResult> {
    const { args, flags } = await this.parse(ClusterNotify);
    return this.withRuntime(flags, async (runtime) => {
      const { spec } = await clusterInput(runtime, { name: args.name, file: undefined, describe: {} }, false);
      const result = await testNotify(runtime, spec, flags.channel);
      this.log(`Told ${result.told.join(', ')}.`);
      return result;
    });
  }
}
