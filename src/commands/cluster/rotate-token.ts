import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { rotatedTokenText } from '../../cli/views/rotate.js';
import { rotateToken, type RotateTokenResult } from '../../workflows/cluster/rotate-token.js';

export default class ClusterRotateToken extends BaseCommand {
  static override summary = 'Give a cluster new tokens to join with, and shut the old ones out.';
  static override description =
    'The new tokens are stored here before k3s hears of them. Servers are started with them one at a time, then the workers in waves; pods run on. Backups keep the token of their time and open as before. Run again, a rotation that was stopped goes on with the same tokens.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --dry-run',
    '<%= config.bin %> <%= command.id %> demo --yes',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = {
    'max-unavailable': Flags.string({
      default: '10%',
      description: 'How many workers may be down at once: a number, or a share, rounded down but at least 1.',
    }),
    'dry-run': Flags.boolean({ description: 'Show every step; change nothing.' }),
    yes: yesFlag,
  };

  async run(): Promise<RotateTokenResult> {
    const { args, flags } = await this.parse(ClusterRotateToken);
    const { 'max-unavailable': maxUnavailable, 'dry-run': dryRun } = flags;
    return this.withRuntime(flags, async (runtime) => {
      const result = await rotateToken(runtime, { cluster: args.name, maxUnavailable, dryRun }, this.commandLine());
      this.logMarked(rotatedTokenText(result));
      return result;
    });
  }
}
