import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { rotatedKeyText } from '../../cli/views/rotate.js';
import { type KeyRotationResult, rotateSshKey } from '../../workflows/cluster/rotate-ssh-key.js';

export default class ClusterRotateSshKey extends BaseCommand {
  static override summary = 'Give all machines of a cluster a new SSH key, and shut the old one out.';
  static override description =
    'The new key is let in beside the old one and tried on every machine before it becomes the workspace’s; only then the old one is removed. A machine that cannot be logged in to stops it before the first change. Run again, a rotation that was stopped goes on with the same key.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --dry-run',
    '<%= config.bin %> <%= command.id %> demo --yes',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = {
    'dry-run': Flags.boolean({ description: 'Show every step; change nothing.' }),
    yes: yesFlag,
  };

  async run(): Promise<KeyRotationResult> {
    const { args, flags } = await this.parse(ClusterRotateSshKey);
    return this.withRuntime(flags, async (runtime) => {
      const input = { name: args.name, dryRun: flags['dry-run'] };
      const result = await rotateSshKey(runtime, input, this.commandLine());
      this.logMarked(rotatedKeyText(result));
      return result;
    });
  }
}
