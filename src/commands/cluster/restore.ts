import { Flags } from '@oclif/core';

import { atFlag, backupArgs, backupOf } from '../../cli/backup-of.js';
import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { renderRestored } from '../../cli/views/backup.js';
import { restoreCluster, type RestoreResult } from '../../workflows/cluster/restore.js';

export default class ClusterRestore extends BaseCommand {
  static override summary = 'Make a cluster anew with the data of a backup, on its machines or on new ones.';
  static override description = `The backup is fetched and checked before anything is changed. Machines that are missing are made; what a server still has of etcd is put aside on it; the first server starts from the snapshot, with the token of that time, and the others join it. A workspace that has lost the cluster gets record and keys from the backup.

A cluster that runs is not restored, nor one whose servers may come back as the old cluster. Contents of volumes are not in a backup. A run that was stopped goes on when it is run again.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --from 2026-11-26t15-00-00z-3fa2 --dry-run',
    '<%= config.bin %> <%= command.id %> demo --at s3://backups/prod --yes',
  ];
  static override args = backupArgs;
  static override flags = {
    from: Flags.string({ description: 'Which backup: `slipway backup list`. Default: the newest.' }),
    at: atFlag,
    'dry-run': Flags.boolean({ description: 'Show every step; change nothing at the machines.' }),
    yes: yesFlag,
  };

  async run(): Promise<RestoreResult> {
    const { args, flags } = await this.parse(ClusterRestore);
    const { from: id, at, 'dry-run': dryRun } = flags;
    return this.withRuntime(flags, async (runtime) => {
      const { spec } = await backupOf(runtime, args.name, at);
      const input = { cluster: args.name, spec, at, id, dryRun };
      const result = await restoreCluster(runtime, input, this.commandLine());
      this.logMarked(renderRestored(result, dryRun));
      return result;
    });
  }
}
