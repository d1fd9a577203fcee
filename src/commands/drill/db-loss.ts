import { Flags } from '@oclif/core';

import { backupArgs, backupOf } from '../../cli/backup-of.js';
import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { askedAddress, drillFlags, keepDrill } from '../../cli/drill.js';
import { milliseconds } from '../../cli/duration.js';
import { drillDatabaseLoss } from '../../workflows/drill/db-loss.js';
import type { DrillReport } from '../../workflows/drill/report.js';

export default class DrillDbLoss extends BaseCommand {
  static override summary = 'Delete a database’s volume on purpose, and time how its data come back.';
  static override description = `The volume of a claim is deleted at its provider without a word to the cluster. Each second it is looked whether that was noticed, the volume is detached, the pods that use it are Ready with another one, --url is answered, and the data of the newest backup are back. What was found is kept and compared with earlier drills.

Nothing is deleted where data would be lost for good: the newest backup must have a whole copy of the volume’s files (\`backup.volumes\` in the cluster file), no older than \`backup.every\`. What was written since that copy is lost.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --restore --yes',
    '<%= config.bin %> <%= command.id %> demo --claim shop/data-db-0 --html drill.html',
  ];
  static override args = backupArgs;
  static override flags = {
    claim: Flags.string({
      description: 'Whose volume, as NAMESPACE/NAME. Default: the one of which the newest backup has a copy.',
    }),
    restore: Flags.boolean({
      description:
        'Bring its data back from here, once the loss was noticed or after 30 s: what runs it is stopped meanwhile.',
      dependsOn: ['yes'],
    }),
    ...drillFlags,
    yes: yesFlag,
  };

  async run(): Promise<DrillReport> {
    const { args, flags } = await this.parse(DrillDbLoss);
    const url = flags.url === undefined ? undefined : askedAddress(flags.url);
    const deadlineMs = milliseconds('--give-up-after', flags['give-up-after']);
    return this.withRuntime(flags, async (runtime) => {
      const { spec } = await backupOf(runtime, args.name, undefined);
      const input = { cluster: args.name, spec, claim: flags.claim, url, restore: flags.restore, deadlineMs };
      const keep = keepDrill(flags.html, (text) => this.log(text));
      return drillDatabaseLoss(runtime, input, this.commandLine(), keep);
    });
  }
}
