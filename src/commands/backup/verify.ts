import { Flags } from '@oclif/core';

import { atFlag, backupArgs, backupOf } from '../../cli/backup-of.js';
import { BaseCommand } from '../../cli/base-command.js';
import { renderVerified } from '../../cli/views/backup.js';
import { verifyBackups, type VerifyResult } from '../../workflows/backup/verify.js';

export default class BackupVerify extends BaseCommand {
  static override summary = 'Read a backup as a restore would, without restoring it.';
  static override description =
    'Looks at sizes and SHA-256 of all its parts, at what etcd says of the file, and whether the servers’ token that is kept with it opens it. Names every claim whose volume it does not cover, and why: which disk of which node has it, or which driver.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --all',
  ];
  static override args = backupArgs;
  static override flags = {
    id: Flags.string({ description: 'Which backup. Default: the newest.', exclusive: ['all'] }),
    all: Flags.boolean({ description: 'Every backup there is.' }),
    at: atFlag,
  };

  async run(): Promise<VerifyResult> {
    const { args, flags } = await this.parse(BackupVerify);
    return this.withRuntime(flags, async (runtime) => {
      const of = await backupOf(runtime, args.name, flags.at);
      const result = await verifyBackups(runtime, { ...of, id: flags.id, all: flags.all });
      this.log(renderVerified(result));
      return result;
    });
  }
}
