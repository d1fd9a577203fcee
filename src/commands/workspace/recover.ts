import { Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { plural } from '../../domain/plural.js';
import type { WorkspaceInspection } from '../../runtime/context.js';

export default class WorkspaceRecover extends BaseCommand {
  static override summary = 'Open everything in a bucket, and set aside what cannot be used.';
  static override description =
    'What is damaged, or is not what belongs in its place, is put under aside/ in the bucket as it is. A cluster that misses something then gets it anew by `slipway cluster adopt`.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --workspace s3://slipway/prod',
    '<%= config.bin %> <%= command.id %> --accept-older --yes',
  ];
  static override flags = {
    'accept-older': Flags.boolean({
      description: 'Let what is older than this computer has seen count, as after a restore of the bucket.',
    }),
    yes: yesFlag,
  };

  async run(): Promise<WorkspaceInspection & { readonly setAside: number; readonly incomplete: readonly string[] }> {
    const { flags } = await this.parse(WorkspaceRecover);
    return this.withRuntime(flags, async (runtime) => {
      const admin = await runtime.admin();
      let inspection = await admin.inspect();
      const swapped = inspection.findings.filter(({ is }) => is === 'swapped');
      if (flags['accept-older'] && (swapped.length > 0 || inspection.replaced)) {
        await runtime.reporter.confirm({
          question: `Let what is in ${admin.where} count, though this computer has seen newer?`,
          details: [
            ...swapped.map(({ message }) => message),
            ...(inspection.replaced ? ['another workspace is there'] : []),
          ],
          flags: '--accept-older --yes',
        });
        await admin.acceptOlder(swapped);
        inspection = await admin.inspect();
      }
      const { objects, findings, replaced, rotating } = inspection;
      let incomplete: string[] = [];
      if (findings.length > 0) {
        await runtime.reporter.confirm({
          question: `Set ${plural(findings.length, 'object')} aside?`,
          details: findings.map(({ message }) => message),
          flags: '--yes',
        });
        incomplete = await admin.setAside(findings);
      }
      this.log(
        `${objects - findings.length} of ${plural(objects, 'object')} can be used; ${findings.length} set aside.`,
      );
      for (const name of incomplete) this.log(`Have what is missing made anew: slipway cluster adopt ${name}`);
      if (rotating) this.log('Sealing it anew was interrupted. Finish that: slipway workspace rotate');
      if (replaced) this.log('It is another workspace than this computer has seen there: see --accept-older.');
      return { ...inspection, setAside: findings.length, incomplete };
    });
  }
}
