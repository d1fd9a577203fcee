import { Flags } from '@oclif/core';

import { atFlag, backupArgs, backupOf } from '../../cli/backup-of.js';
import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { renderRestoredVolumes } from '../../cli/views/backup.js';
import { restoreVolumes, type RestoreVolumesResult } from '../../workflows/backup/restore-volumes.js';

export default class BackupRestoreVolumes extends BaseCommand {
  static override summary = 'Bring the files of volumes back from a backup, each into a fresh volume.';
  static override description =
    'For claims that the backup has copies of (`backup.volumes` in the cluster file). No pod may use them meanwhile. The claim is made anew, so that one whose disk is gone works again; the volume that it had is let go and stays at the provider, or on its disk, until you delete it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --claim shop/data-db-0 --dry-run',
  ];
  static override args = backupArgs;
  static override flags = {
    from: Flags.string({ description: 'Id of the backup. Default: the newest.' }),
    claim: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'Only these, as NAMESPACE/NAME. Repeatable.',
    }),
    at: atFlag,
    'dry-run': Flags.boolean({ description: 'Show what would be done; change nothing.' }),
    yes: yesFlag,
  };

  async run(): Promise<RestoreVolumesResult> {
    const { args, flags } = await this.parse(BackupRestoreVolumes);
    return this.withRuntime(flags, async (runtime) => {
      const of = await backupOf(runtime, args.name, flags.at);
      const input = { ...of, id: flags.from, claims: flags.claim ?? [], dryRun: flags['dry-run'] };
      const result = await restoreVolumes(runtime, input, this.commandLine());
      this.log(renderRestoredVolumes(result, flags['dry-run']));
      return result;
    });
  }
}
