import { Flags } from '@oclif/core';

import { atFlag, backupArgs, backupOf } from '../../cli/backup-of.js';
import { BaseCommand } from '../../cli/base-command.js';
import { renderDrill } from '../../cli/views/backup.js';
import { drillBackup, type DrillResult } from '../../workflows/backup/drill.js';

export default class BackupDrill extends BaseCommand {
  static override summary = 'Prove that a backup can be restored: on a machine of its own, deleted again.';
  static override description = `Makes a quarantined copy of the cluster beside it, as \`cluster restore --as\` does, counts what its API lists, and deletes machine, network, firewall and key again, also where the backup turned out to be bad. \`cluster status\` says when that was, how old the data were and how long it took.

The copy has neither scheduler nor controllers nor an agent, and what leads to the provider, DNS or S3 is taken out of it.

Copies of volumes and streams are brought back into pods of the cluster that go again, read and counted. With --due only what was not proven within a week is tried.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --due',
    '<%= config.bin %> <%= command.id %> demo --dry-run',
  ];
  static override args = backupArgs;
  static override flags = {
    from: Flags.string({ description: 'Which backup: `slipway backup list`. Default: the newest.' }),
    at: atFlag,
    due: Flags.boolean({ description: 'Only what was not proven within a week.' }),
    'dry-run': Flags.boolean({ description: 'Show every step; change nothing.' }),
  };

  async run(): Promise<DrillResult> {
    const { args, flags } = await this.parse(BackupDrill);
    const { from: id, at, due, 'dry-run': dryRun } = flags;
    return this.withRuntime(flags, async (runtime) => {
      const { spec } = await backupOf(runtime, args.name, at);
      const result = await drillBackup(runtime, { cluster: args.name, spec, at, id, due, dryRun }, this.commandLine());
      this.logMarked(renderDrill(result, dryRun));
      return result;
    });
  }
}
