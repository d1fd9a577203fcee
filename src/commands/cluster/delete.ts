import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { clusterToDelete } from '../../cli/cluster-input.js';
import { dropFromUserKubeconfig } from '../../cli/merge-kubeconfig.js';
import { deletedText } from '../../cli/views/cluster.js';
import { deleteCluster, type DeleteResult } from '../../workflows/cluster/delete.js';

export default class ClusterDelete extends BaseCommand {
  static override summary = 'Delete a cluster and everything made for it; volumes stay unless asked for.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> -f cluster.yaml',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, description: 'The cluster’s name. Default: that of the file.' }),
  };
  static override flags = {
    file: Flags.string({
      char: 'f',
      description:
        'The cluster file: where to look for a cluster that this workspace does not know, on hosts of one’s own too.',
      exclusive: ['provider'],
    }),
    yes: yesFlag,
    confirm: Flags.string({ description: 'The cluster’s name once more, to confirm without a terminal.' }),
    'delete-volumes': Flags.boolean({
      description: 'Delete the volumes of the cluster’s claims too, with their data.',
    }),
    provider: Flags.string({ description: 'Where to look for a cluster that this workspace does not know.' }),
  };

  async run(): Promise<DeleteResult> {
    const { args, flags } = await this.parse(ClusterDelete);
    return this.withRuntime(flags, async (runtime) => {
      const { name, section } = await clusterToDelete(runtime, { name: args.name, file: flags.file });
      const result = await deleteCluster(
        runtime,
        {
          name,
          section,
          provider: flags.provider,
          deleteVolumes: flags['delete-volumes'],
          dropFromUserKubeconfig: (kubeconfig) => dropFromUserKubeconfig(runtime, kubeconfig),
        },
        this.commandLine(),
      );
      this.log(deletedText(result));
      return result;
    });
  }
}
