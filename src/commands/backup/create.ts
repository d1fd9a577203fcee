import { Flags } from '@oclif/core';

import { backupArgs } from '../../cli/backup-of.js';
import { BaseCommand } from '../../cli/base-command.js';
import { clusterInput } from '../../cli/cluster-input.js';
import { renderBackup } from '../../cli/views/backup.js';
import { type BackupResult, createBackup } from '../../workflows/backup/create.js';

export default class BackupCreate extends BaseCommand {
  static override summary = 'Back a cluster up: a snapshot of etcd, sealed, with all that a restore needs.';
  static override description = `The snapshot is taken on a server that is well, checked here, sealed together with the servers’ token, the SSH and host keys and the record, kept in the workspace or where the file’s \`backup.to\` says, and read back. What \`backup.keep\` does not ask for is removed then.

With --due nothing is done while the last backup is younger than \`backup.every\` (15 minutes): have CI, or a timer of a computer that is always on, run it often.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --due',
  ];
  static override args = backupArgs;
  static override flags = {
    due: Flags.boolean({ description: 'Only where the last one is older than the file allows.' }),
  };

  async run(): Promise<BackupResult> {
    const { args, flags } = await this.parse(BackupCreate);
    return this.withRuntime(flags, async (runtime) => {
      const { spec } = await clusterInput(runtime, { name: args.name, file: undefined, describe: {} }, false);
      const result = await createBackup(
        runtime,
        { cluster: args.name, spec, due: flags.due, missing: 'is an error' },
        this.commandLine(),
      );
      this.log(renderBackup(result));
      return result;
    });
  }
}
