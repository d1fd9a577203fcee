import { Flags } from '@oclif/core';

import { atFlag, backupArgs, backupOf } from '../../cli/backup-of.js';
import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { renderPruned } from '../../cli/views/backup.js';
import { pruneBackups, type PruneResult } from '../../workflows/backup/prune.js';

export default class BackupPrune extends BaseCommand {
  static override summary = 'Remove backups that the file’s `backup.keep` does not ask for.';
  static override description =
    '`backup create` does so, too, each time. All of the last hours stay, then the last of each day and week, and the newest whatever its age.';
  static override examples = ['<%= config.bin %> <%= command.id %> demo --dry-run'];
  static override args = backupArgs;
  static override flags = {
    'dry-run': Flags.boolean({ description: 'Show what would go; remove nothing.' }),
    at: atFlag,
    yes: yesFlag,
  };

  async run(): Promise<PruneResult> {
    const { args, flags } = await this.parse(BackupPrune);
    return this.withRuntime(flags, async (runtime) => {
      const of = await backupOf(runtime, args.name, flags.at);
      const result = await pruneBackups(runtime, of, flags['dry-run']);
      this.log(renderPruned(result, flags['dry-run']));
      return result;
    });
  }
}
