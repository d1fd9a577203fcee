import { Flags } from '@oclif/core';

import { atFlag, backupArgs, backupOf } from '../../cli/backup-of.js';
import { BaseCommand } from '../../cli/base-command.js';
import { renderRestoredStreams } from '../../cli/views/backup.js';
import { restoreStreams, type RestoreStreamsResult } from '../../workflows/backup/restore-streams.js';

export default class BackupRestoreStreams extends BaseCommand {
  static override summary = 'Bring streams of NATS back from a backup: those that are gone.';
  static override description =
    'Streams come back with their messages and consumers as they were when the backup was made (`backup.streams` in the cluster file says which are in it). One that NATS still has is left as it is; to take it back, delete it in NATS first.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --stream ORDERS --dry-run',
  ];
  static override args = backupArgs;
  static override flags = {
    from: Flags.string({ description: 'Id of the backup. Default: the newest.' }),
    stream: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      description: 'Only these, by name; * stands for anything. Repeatable.',
    }),
    at: atFlag,
    'dry-run': Flags.boolean({ description: 'Show what would be brought back; change nothing.' }),
  };

  async run(): Promise<RestoreStreamsResult> {
    const { args, flags } = await this.parse(BackupRestoreStreams);
    return this.withRuntime(flags, async (runtime) => {
      const of = await backupOf(runtime, args.name, flags.at);
      const input = { ...of, id: flags.from, streams: flags.stream ?? [], dryRun: flags['dry-run'] };
      const result = await restoreStreams(runtime, input, this.commandLine());
      this.log(renderRestoredStreams(result, flags['dry-run']));
      return result;
    });
  }
}
