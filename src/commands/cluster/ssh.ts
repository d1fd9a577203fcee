import { Args } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { runSsh } from '../../cli/openssh.js';
import { sshTarget } from '../../workflows/cluster/ssh.js';

export default class ClusterSsh extends BaseCommand {
  static override summary = 'Log in to a machine with the cluster’s key and its pinned host key.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo workers-2',
    '<%= config.bin %> <%= command.id %> demo cp-1 -- journalctl -u k3s',
  ];
  static override enableJsonFlag = false;
  static override baseFlags = {
    progress: BaseCommand.baseFlags.progress,
    workspace: BaseCommand.baseFlags.workspace,
  } as typeof BaseCommand.baseFlags;
  static override args = {
    name: Args.string({ ignoreStdin: true, description: 'The cluster’s name.', required: true }),
    machine: Args.string({
      ignoreStdin: true,
      description: 'A machine’s name, or its place such as workers-2. Default: cp-1.',
    }),
  };

  async run(): Promise<void> {
    // What follows `--` is the command, also where no machine is named.
    const split = this.argv.indexOf('--');
    const command = split < 0 ? [] : this.argv.slice(split + 1);
    if (split >= 0) this.argv = this.argv.slice(0, split);
    const { args, flags } = await this.parse(ClusterSsh, this.argv);
    const target = await this.withRuntime(flags, (runtime) => sshTarget(runtime, args.name, args.machine));
    process.exitCode = await runSsh(target, command);
  }
}
