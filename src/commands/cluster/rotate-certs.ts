import { BaseCommand } from '../../cli/base-command.js';
import { rotationArgs, rotationFlags, rotationInput } from '../../cli/rotate-input.js';
import { rotatedCertsText } from '../../cli/views/rotate.js';
import { rotateCerts, type RotateCertsResult } from '../../workflows/cluster/rotate-certs.js';

export default class ClusterRotateCerts extends BaseCommand {
  static override summary = 'Give every node fresh certificates, and the workspace a fresh kubeconfig.';
  static override description =
    'k3s is started anew on one server at a time, then on the workers in waves; pods run on. The next begins once those before it are up again. It also helps where certificates have expired and the API lets nobody in. Run again, a rotation that was stopped goes on with the nodes that are left.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --dry-run',
    '<%= config.bin %> <%= command.id %> demo --yes',
    '<%= config.bin %> <%= command.id %> demo --max-unavailable 2 --yes',
  ];
  static override args = rotationArgs;
  static override flags = rotationFlags('what ends when, and every step');

  async run(): Promise<RotateCertsResult> {
    const { args, flags } = await this.parse(ClusterRotateCerts);
    return this.withRuntime(flags, async (runtime) => {
      const result = await rotateCerts(runtime, rotationInput(args, flags), this.commandLine());
      this.logMarked(rotatedCertsText(result, runtime.clock.now()));
      return result;
    });
  }
}
