import { atFlag, backupArgs, backupOf } from '../../cli/backup-of.js';
import { BaseCommand } from '../../cli/base-command.js';
import { renderBackups } from '../../cli/views/backup.js';
import { type BackupList as Listed, listBackups } from '../../workflows/backup/list.js';

export default class BackupList extends BaseCommand {
  static override summary = 'List the backups of a cluster, the newest first.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --at s3://backups/prod',
  ];
  static override args = backupArgs;
  static override flags = { at: atFlag };

  async run(): Promise<Listed> {
    const { args, flags } = await this.parse(BackupList);
    return this.withRuntime(flags, async (runtime) => {
      const result = await listBackups(runtime, await backupOf(runtime, args.name, flags.at));
      this.log(renderBackups(result, this.columns));
      return result;
    });
  }
}
