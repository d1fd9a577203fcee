import { BaseCommand } from '../../runtime/base-command.js';
import { sandboxFolder, sandboxStatus, type SandboxStatus } from '../../runtime/sandbox.js';
import { renderSandbox } from '../../runtime/views.js';

export default class SandboxStatusCommand extends BaseCommand {
  static override summary = 'Show whether the sandbox runs, and what is in it.';

  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> -o json'];
  async run(): Promise<SandboxStatus> {
    await this.parse(SandboxStatusCommand);
    const status = await sandboxStatus(sandboxFolder(process.env));
    this.log(renderSandbox(status));
    return status;
  }
}
