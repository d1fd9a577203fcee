import { BaseCommand } from '../../cli/base-command.js';
import { sandboxFolder, stopSandbox } from '../../runtime/sandbox.js';

export default class SandboxStop extends BaseCommand {
  static override summary = 'Stop the sandbox; its clusters are there again when it is started.';

  static override examples = ['<%= config.bin %> <%= command.id %>'];
  async run(): Promise<{ stopped: boolean }> {
    const { flags } = await this.parse(SandboxStop);
    const stopped = await stopSandbox(sandboxFolder(this.environment(flags)));
    this.log(stopped ? 'The sandbox is stopped; its clusters are kept.' : 'The sandbox was not running.');
    return { stopped };
  }
}
