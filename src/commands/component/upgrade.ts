import { Args, Flags } from '@oclif/core';

import { BaseCommand } from '../../runtime/base-command.js';
import { renderPlan } from '../../ui/index.js';
import { type ComponentUpgradeResult, upgradeComponents } from '../../workflows/component-upgrade.js';

export default class ComponentUpgrade extends BaseCommand {
  static override summary = 'Upgrade components one at a time; the first that fails gets its last version back.';
  static override strict = false;
  static override args = {
    name: Args.string({ description: 'A component; several may be given. Default: all that differ from the file.' }),
  };
  static override flags = {
    cluster: Flags.string({ char: 'c', description: 'The cluster’s name.', required: true }),
    'dry-run': Flags.boolean({ description: 'Show what would change; change nothing.' }),
  };

  async run(): Promise<ComponentUpgradeResult> {
    const { argv, flags } = await this.parse(ComponentUpgrade);
    return this.withRuntime(flags, async (runtime) => {
      const input = { cluster: flags.cluster, names: argv.map(String), dryRun: flags['dry-run'] };
      const result = await upgradeComponents(runtime, input, this.commandLine());
      if (flags['dry-run']) this.log(renderPlan(result.steps));
      else
        this.log(
          result.steps.length === 0
            ? 'Every component is as asked; nothing was changed.'
            : `Upgraded: ${result.steps.map(({ target }) => target).join(', ')}.`,
        );
      return result;
    });
  }
}
