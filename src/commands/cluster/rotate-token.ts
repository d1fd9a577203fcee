import { BaseCommand } from '../../cli/base-command.js';
import { rotationArgs, rotationFlags, rotationInput } from '../../cli/rotate-input.js';
import { rotatedTokenText } from '../../cli/views/rotate.js';
import { rotateToken, type RotateTokenResult } from '../../workflows/cluster/rotate-token.js';

export default class ClusterRotateToken extends BaseCommand {
  static override summary = 'Give a cluster new tokens to join with, and shut the old ones out.';
  static override description =
    'The new tokens are stored here before k3s hears of them. Servers are started with them one at a time, then the workers in waves; pods run on. Backups keep the token of their time and open as before. Run again, a rotation that was stopped goes on with the same tokens.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --dry-run',
    '<%= config.bin %> <%= command.id %> demo --yes',
  ];
  static override args = rotationArgs;
  static override flags = rotationFlags('every step');

  async run(): Promise<RotateTokenResult> {
    const { args, flags } = await this.parse(ClusterRotateToken);
    return this.withRuntime(flags, async (runtime) => {
      const result = await rotateToken(runtime, rotationInput(args, flags), this.commandLine());
      this.logMarked(rotatedTokenText(result));
      return result;
    });
  }
}
