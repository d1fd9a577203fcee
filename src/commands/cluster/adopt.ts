import { Args, Flags } from '@oclif/core';

import { adoptInput } from '../../cli/adopt-input.js';
import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { adoptedText } from '../../cli/views/adopt.js';
import { type AdoptResult, adoptCluster } from '../../workflows/cluster/adopt.js';

export default class ClusterAdopt extends BaseCommand {
  static override summary = 'Take on a cluster whose workspace is lost, damaged or on another computer.';
  static override description = `Finds the machines by their labels, or by the hosts of the file, and restores what this workspace lacks: the record, the kubeconfig, the SSH key, the machines’ host keys. What is there and can be read stays.

A new SSH key gets onto the machines through the cluster itself, by a privileged pod of a moment on each, and so does the word on their host keys. That takes a kubeconfig: the workspace’s, the entries merged into your own, or --kubeconfig. Without one, a server is asked for it over SSH, with the workspace’s key or --ssh-key; where its host key is not known, you are asked to compare the fingerprint.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --provider hetzner',
    '<%= config.bin %> <%= command.id %> -f cluster.yaml --dry-run',
    '<%= config.bin %> <%= command.id %> demo --kubeconfig demo.kubeconfig --yes',
    '<%= config.bin %> <%= command.id %> demo --ssh-key ~/backup/id_ed25519',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, description: 'The cluster’s name. Default: that of the file.' }),
  };
  static override flags = {
    file: Flags.string({
      char: 'f',
      description: 'The cluster file. Without it and without a record, it is made from what is found.',
      exclusive: ['provider'],
    }),
    provider: Flags.string({ description: 'Where the machines are: hetzner, linode, sandbox.' }),
    id: Flags.string({ description: 'Which of several clusters of that name.' }),
    kubeconfig: Flags.string({ description: 'A kubeconfig of the cluster, where the workspace’s is lost.' }),
    'ssh-key': Flags.string({
      description: 'A private key that the servers accept; it becomes the workspace’s.',
    }),
    'accept-host-key': Flags.string({
      description: 'Fingerprint (SHA256:…) of a server’s host key, which you have compared.',
      multiple: true,
    }),
    'dry-run': Flags.boolean({ description: 'Show every step; change nothing.' }),
    yes: yesFlag,
  };

  async run(): Promise<AdoptResult> {
    const { args, flags } = await this.parse(ClusterAdopt);
    return this.withRuntime(flags, async (runtime) => {
      const input = await adoptInput(runtime, {
        name: args.name,
        file: flags.file,
        provider: flags.provider,
        id: flags.id,
        sshKey: flags['ssh-key'],
        kubeconfig: flags.kubeconfig,
        acceptedHostKeys: flags['accept-host-key'] ?? [],
        dryRun: flags['dry-run'],
      });
      const result = await adoptCluster(runtime, input, this.commandLine());
      this.logMarked(adoptedText(result));
      return result;
    });
  }
}
