import { Args } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { plural } from '../../domain/index.js';
import { type DeletedImages, deleteImages } from '../../workflows/image/images.js';

export default class ImageDelete extends BaseCommand {
  static override summary = 'Delete images that Slipway made; machines that were made from them stay.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo 4711',
    '<%= config.bin %> <%= command.id %> demo slipway/k3s-v1.36.4-k3s1 --yes',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
    image: Args.string({
      ignoreStdin: true,
      required: true,
      description: 'An image’s id; or its name, for all of that name.',
    }),
  };
  static override flags = { yes: yesFlag };

  async run(): Promise<DeletedImages> {
    const { args, flags } = await this.parse(ImageDelete);
    return this.withRuntime(flags, async (runtime) => {
      const input = { cluster: args.name, names: [args.image] };
      const result = await deleteImages(runtime, input, (confirmation) => runtime.reporter.confirm(confirmation));
      this.log(`${plural(result.deleted.length, 'image')} deleted.`);
      return result;
    });
  }
}
