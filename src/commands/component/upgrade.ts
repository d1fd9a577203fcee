import { Args, Flags } from '@oclif/core';

import { UsageError } from '../../errors/index.js';
import { BaseCommand } from '../../cli/base-command.js';
import { clusterAndNames, clusterArg, clusterFlag } from '../../cli/cluster-args.js';
import { renderPlan, uncheckedText } from '../../ui/index.js';
import { type ComponentUpgradeResult, upgradeComponents } from '../../workflows/component/upgrade.js';

export default class ComponentUpgrade extends BaseCommand {
  static override summary = 'Upgrade components one at a time; the first that fails is rolled back.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo traefik loki --dry-run',
  ];
  static override strict = false;
  static override usage = '<%= command.id %> CLUSTER [COMPONENT...] [--dry-run]';
  static override args = {
    cluster: clusterArg,
    name: Args.string({
      ignoreStdin: true,
      description: 'A component; several may be given. Default: all that differ from the file.',
    }),
  };
  static override flags = {
    cluster: clusterFlag,
    'dry-run': Flags.boolean({ description: 'Show what would change; change nothing.' }),
  };

  async run(): Promise<ComponentUpgradeResult> {
    const { argv, flags } = await this.parse(ComponentUpgrade);
    const { cluster, names } = clusterAndNames(argv.map(String), flags);
    if (cluster === undefined) {
      throw new UsageError('Which cluster? None is named.', {
        code: 'NAME_MISSING',
        hint: 'Name it: slipway component upgrade CLUSTER',
      });
    }
    return this.withRuntime(flags, async (runtime) => {
      const input = { cluster, names, dryRun: flags['dry-run'] };
      const result = await upgradeComponents(runtime, input, this.commandLine());
      if (flags['dry-run']) {
        this.log(renderPlan(result.steps));
        if (result.unchecked.length > 0) this.log(uncheckedText(result.unchecked));
      } else
        this.log(
          result.steps.length === 0
            ? 'No changes. Every component matches the file.'
            : `Upgraded: ${result.steps.map(({ target }) => target).join(', ')}.`,
        );
      return result;
    });
  }
}
