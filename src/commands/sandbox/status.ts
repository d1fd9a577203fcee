import { Flags } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import {
  renderEnvironment,
  type SandboxEnvironment,
  sandboxEnvironment,
  sandboxFolder,
  sandboxStatus,
  type SandboxStatus,
} from '../../runtime/sandbox.js';
import { damageTexts, renderSandbox } from '../../cli/views/cluster.js';
import { clustersIn } from '../../workflows/cluster/list.js';

export default class SandboxStatusCommand extends BaseCommand {
  static override summary = 'Show whether the sandbox runs, and what is in it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> -o json',
    '<%= config.bin %> <%= command.id %> --env',
  ];
  static override flags = {
    env: Flags.boolean({
      description:
        'Print the variables that point hcloud, Linode’s clients and kubectl at the sandbox, for a shell to evaluate.',
    }),
  };

  async run(): Promise<SandboxStatus | SandboxEnvironment> {
    const { flags } = await this.parse(SandboxStatusCommand);
    const folder = sandboxFolder(this.environment(flags));
    if (flags.env) {
      return this.withRuntime(flags, async ({ workspace }) => {
        const clusters = await clustersIn(workspace);
        const environment = await sandboxEnvironment(folder, workspace, clusters);
        for (const text of damageTexts(clusters)) this.warn(text);
        this.logData(renderEnvironment(environment));
        return environment;
      });
    }
    const status = await sandboxStatus(folder);
    this.log(renderSandbox(status));
    return status;
  }
}
