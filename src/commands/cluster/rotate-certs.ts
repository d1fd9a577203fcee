import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { rotatedCertsText } from '../../cli/views/rotate.js';
import { rotateCerts, type RotateCertsResult } from '../../workflows/cluster/rotate-certs.js';

export default class ClusterRotateCerts extends BaseCommand {
  static override summary = 'Give every node fresh certificates, and the workspace a fresh kubeconfig.';
  static override description =
    'k3s is started anew on one server at a time, then on the workers in waves; pods run on. The next begins once those before it are up again. It also helps where certificates have expired and the API lets nobody in. Run again, a rotation that was stopped goes on with the nodes that are left.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --dry-run',
    '<%= config.bin %> <%= command.id %> demo --yes',
    '<%= config.bin %> <%= command.id %> demo --max-unavailable 2 --yes',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = {
    'max-unavailable': Flags.string({
      default: '10%',
      description: 'How many workers may be down at once: a number, or a share, rounded down but at least 1.',
    }),
    'dry-run': Flags.boolean({ description: 'Show what ends when, and every step; change nothing.' }),
    yes: yesFlag,
  };

  async run(): Promise<RotateCertsResult> {
    const { args, flags } = await this.parse(ClusterRotateCerts);
    const { 'max-unavailable': maxUnavailable, 'dry-run': dryRun } = flags;
    return this.withRuntime(flags, async (runtime) => {
      const result = await rotateCerts(runtime, { cluster: args.name, maxUnavailable, dryRun }, this.commandLine());
      this.logMarked(rotatedCertsText(result, runtime.clock.now()));
      return result;
    });
  }
}
