import { Args } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { plural } from '../../domain/plural.js';
import type { MoveResult } from '../../runtime/context.js';

export default class WorkspaceMove extends BaseCommand {
  static override summary = 'Move the workspace to a bucket, or back to a folder.';
  static override description =
    'A bucket has to prove first that its server keeps two writers apart. Everything is sealed with age for this computer, and read back before it is taken away where it came from. From then on the old place says where to. Interrupted, the same command goes on.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> s3://slipway/prod',
    "<%= config.bin %> <%= command.id %> 's3://slipway?endpoint=https://s3.example.com'",
    '<%= config.bin %> <%= command.id %> ~/slipway --workspace s3://slipway/prod',
  ];
  static override args = {
    to: Args.string({ ignoreStdin: true, description: 'A folder, or s3://bucket/prefix.', required: true }),
  };
  static override flags = { yes: yesFlag };

  async run(): Promise<MoveResult> {
    const { args, flags } = await this.parse(WorkspaceMove);
    return this.withRuntime(flags, async (runtime) => {
      const admin = await runtime.admin();
      await admin.identity();
      await runtime.reporter.confirm({
        question: `Move the workspace in ${admin.where} to ${args.to}?`,
        details: ['what is there is removed once all of it was read back from the new place'],
        flags: '--yes',
      });
      const result = await admin.move(args.to);
      this.log(
        `Moved ${plural(result.clusters.length, 'cluster')} to ${result.to}. From now on: export SLIPWAY_WORKSPACE='${result.to}'`,
      );
      return result;
    });
  }
}
