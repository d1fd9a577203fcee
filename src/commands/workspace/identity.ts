import { BaseCommand } from '../../cli/base-command.js';
import type { OwnIdentity } from '../../runtime/context.js';

export default class WorkspaceIdentity extends BaseCommand {
  static override summary = 'Print by which name workspaces are sealed for this computer.';
  static override description =
    'The identity that opens them is made on first use and stays on this computer, in identity.txt beside the local workspace. What is printed is its public half, which somebody who can open the workspace adds with `slipway workspace rotate --add`.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<OwnIdentity> {
    const { flags } = await this.parse(WorkspaceIdentity);
    return this.withRuntime(flags, async (runtime) => {
      const own = await (await runtime.admin()).identity();
      if (own.created) this.logToStderr(`Made a new identity: ${own.path}. Keep a copy of that file in a safe place.`);
      this.log(own.recipients.join('\n'));
      return own;
    });
  }
}
