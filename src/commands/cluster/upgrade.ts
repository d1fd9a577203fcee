import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { replaceFlags, replaceOptions } from '../../cli/recycle-input.js';
import { upgradeFile } from '../../cli/upgrade-file.js';
import { upgradeFlags, upgradeHow } from '../../cli/upgrade-input.js';
import { renderUpgrade } from '../../cli/views/upgrade.js';
import { upgradeCluster, type UpgradeResult } from '../../workflows/cluster/upgrade.js';

export default class ClusterUpgrade extends BaseCommand {
  static override summary = 'Bring every node to another release of Kubernetes, minor by minor.';
  static override description =
    'First a snapshot of etcd is taken. Servers go one at a time; then one worker, and the others in waves. A patch leaves pods running, for a minor each node is drained. The first node that does not come up ends it; run again, it goes on from there.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --to v1.36.5+k3s1',
    '<%= config.bin %> <%= command.id %> demo --to stable --dry-run',
    '<%= config.bin %> <%= command.id %> demo --to v1.37 --max-unavailable 2 --soak 5m',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = {
    to: Flags.string({
      required: true,
      description: 'A release (v1.36.5+k3s1), or the newest of a channel: stable, or a minor such as v1.37.',
    }),
    'max-unavailable': Flags.string({
      default: '10%',
      description: 'How many workers may be down at once: a number, or a share, rounded down but at least 1.',
    }),
    ...upgradeFlags,
    'accept-data-loss': replaceFlags['accept-data-loss'],
    'dry-run': Flags.boolean({ description: 'Show every step; change nothing.' }),
    yes: yesFlag,
  };

  async run(): Promise<UpgradeResult> {
    const { args, flags } = await this.parse(ClusterUpgrade);
    const { to, 'max-unavailable': maxUnavailable, 'dry-run': dryRun } = flags;
    const { lose } = replaceOptions({
      'max-surge': 0,
      'accept-data-loss': flags['accept-data-loss'],
      'max-unavailable': 0,
    });
    const how = { ...upgradeHow(flags), maxUnavailable, lose };
    return this.withRuntime(flags, async (runtime) => {
      const file = await upgradeFile(runtime, args.name);
      const result = await upgradeCluster(
        runtime,
        { cluster: args.name, to, ...how, dryRun, ...file },
        this.commandLine(),
      );
      this.logMarked(renderUpgrade(result, dryRun));
      return result;
    });
  }
}
