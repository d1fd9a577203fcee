import { Flags } from '@oclif/core';

import { atFlag, backupArgs, backupOf } from '../../cli/backup-of.js';
import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { fileOf } from '../../cli/cluster-input.js';
import { renderCopied, renderRestored } from '../../cli/views/backup.js';
import { copyCluster, type CopyResult } from '../../workflows/cluster/copy.js';
import { restoreCluster, type RestoreResult } from '../../workflows/cluster/restore.js';

export default class ClusterRestore extends BaseCommand {
  static override summary = 'Make a cluster anew with the data of a backup, on its machines or on new ones.';
  static override description = `The backup is fetched and checked before anything is changed. Machines that are missing are made; what a server still has of etcd is put aside on it; the first server starts from the snapshot, with the token of that time, and the others join it. Then its tokens are rotated, and it is backed up anew. A workspace that has lost the cluster gets record and keys from the backup.

With --as NEW a quarantined copy is made beside the cluster, which may run: a lone server of its own with nothing in it but etcd and the API. What leads to the provider, DNS or S3 is taken out of it, the contents of Secrets, too. Nothing else may be done to it than to read it and to delete it: \`slipway cluster delete NEW\`.

A cluster that runs is not restored, nor one whose servers may come back as the old cluster. Contents of volumes are not in a backup. A run that was stopped goes on when it is run again.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --from 2026-11-26t15-00-00z-3fa2 --dry-run',
    '<%= config.bin %> <%= command.id %> demo --at s3://backups/prod --yes',
    '<%= config.bin %> <%= command.id %> demo -f cluster.yaml',
    '<%= config.bin %> <%= command.id %> demo --as demo-copy',
  ];
  static override args = backupArgs;
  static override flags = {
    file: Flags.string({
      char: 'f',
      description: 'The cluster file, which is the cluster’s from then on. Default: the one it was applied with last.',
      exclusive: ['as'],
    }),
    from: Flags.string({ description: 'Which backup: `slipway backup list`. Default: the newest.' }),
    at: atFlag,
    as: Flags.string({ description: 'Make a quarantined copy of this name beside it.', helpValue: 'NEW' }),
    'keep-token': Flags.boolean({
      description: 'Leave the tokens that nodes join with as they are in the backup.',
      exclusive: ['as'],
    }),
    'keep-secrets': Flags.boolean({ description: 'Leave the contents of Secrets in the copy.', dependsOn: ['as'] }),
    'dry-run': Flags.boolean({ description: 'Show every step; change nothing at the machines.' }),
    yes: yesFlag,
  };

  async run(): Promise<RestoreResult | CopyResult> {
    const { args, flags } = await this.parse(ClusterRestore);
    const { from: id, at, as, 'dry-run': dryRun, 'keep-secrets': keepSecrets, 'keep-token': keepToken } = flags;
    return this.withRuntime(flags, async (runtime) => {
      const given = flags.file === undefined ? undefined : await fileOf(args.name, flags.file);
      const { spec } = given ?? (await backupOf(runtime, args.name, at));
      const input = { cluster: args.name, spec, at, id, dryRun };
      if (as !== undefined) {
        const copied = await copyCluster(runtime, { ...input, as, keepSecrets, drill: false }, this.commandLine());
        this.logMarked(renderCopied(copied, dryRun));
        return copied;
      }
      const result = await restoreCluster(runtime, { ...input, file: given?.file, keepToken }, this.commandLine());
      this.logMarked(renderRestored(result, dryRun));
      return result;
    });
  }
}
