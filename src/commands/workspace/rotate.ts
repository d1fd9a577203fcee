import { Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { plural } from '../../domain/plural.js';
import type { RotateResult } from '../../runtime/context.js';

export default class WorkspaceRotate extends BaseCommand {
  static override summary = 'Seal everything in a bucket anew, for those who may open it from now on.';
  static override description =
    'The old key of the workspace goes once everything was opened with the new one. Interrupted, the same command goes on. Who is removed may have kept what could be opened before, and older versions of the objects if the bucket keeps them.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --add age1… --workspace s3://slipway/prod',
    '<%= config.bin %> <%= command.id %> --remove age1…',
  ];
  static override flags = {
    add: Flags.string({ description: 'Who may open it too: what `workspace identity` prints there.', multiple: true }),
    remove: Flags.string({ description: 'Who may no longer open it.', multiple: true }),
    yes: yesFlag,
  };

  async run(): Promise<RotateResult> {
    const { flags } = await this.parse(WorkspaceRotate);
    const { add = [], remove = [] } = flags;
    return this.withRuntime(flags, async (runtime) => {
      const admin = await runtime.admin();
      await runtime.reporter.confirm({
        question: `Seal everything in ${admin.where} anew?`,
        details: [...add.map((one) => `${one} may open it`), ...remove.map((one) => `${one} may not open it any more`)],
        flags: '--yes',
        harmless: remove.length === 0,
      });
      const result = await admin.rotate({ add, remove });
      this.log(`Sealed ${plural(result.sealed, 'object')} for ${result.recipients.join(', ')}.`);
      return result;
    });
  }
}
