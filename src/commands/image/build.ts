import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { builtImageText } from '../../cli/views/image.js';
import { buildImage, type ImageBuildResult } from '../../workflows/image/build.js';

export default class ImageBuild extends BaseCommand {
  static override summary = 'Make an image that machines of a cluster start from, with k3s and its images.';
  static override description = `A machine is made beside those of the cluster, prepared, powered off and kept as an image, then deleted; it never is a node, and holds no secret of the cluster. Name the image in the file as \`image\`: machines that are made from it download nothing before they join.

Images fit disks that are as large, and one architecture: the smallest disk of the cluster’s types is taken unless --type says otherwise.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --type cax11 --yes',
    '<%= config.bin %> <%= command.id %> demo --dry-run',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = {
    type: Flags.string({ description: 'Type of the machine that it is made with.' }),
    location: Flags.string({ description: 'Where that machine is made. Default: the first of the cluster’s.' }),
    base: Flags.string({
      description: 'The provider’s image to begin with. Default: the file’s, or the provider’s own.',
    }),
    'dry-run': Flags.boolean({ description: 'Show every step; change nothing.' }),
    yes: yesFlag,
  };

  async run(): Promise<ImageBuildResult> {
    const { args, flags } = await this.parse(ImageBuild);
    return this.withRuntime(flags, async (runtime) => {
      const { type, location, base, 'dry-run': dryRun } = flags;
      const result = await buildImage(
        runtime,
        { cluster: args.name, type, location, base, dryRun },
        this.commandLine(),
      );
      this.logMarked(builtImageText(result));
      return result;
    });
  }
}
