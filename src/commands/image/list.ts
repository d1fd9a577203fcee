import { Args } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { outputWithNamesFlag } from '../../cli/output.js';
import { imageRows } from '../../cli/views/image.js';
import { table } from '../../ui/index.js';
import { listImages, type PreparedImage } from '../../workflows/image/images.js';

export default class ImageList extends BaseCommand {
  static override summary = 'List the images that Slipway made at a cluster’s provider.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo -o name',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = { output: outputWithNamesFlag };

  async run(): Promise<{ images: readonly PreparedImage[] }> {
    const { args, flags } = await this.parse(ImageList);
    return this.withRuntime(flags, async (runtime) => {
      const images = await listImages(runtime, args.name);
      const head = ['ID', 'IMAGE', 'ARCH', 'SIZE', 'DISK', 'MADE'];
      this.log(
        images.length === 0 ? 'There are no images.' : table(head, imageRows(images), { columns: this.columns }),
      );
      return { images };
    });
  }

  protected override namesOf({ images }: { images: readonly PreparedImage[] }): readonly string[] {
    return images.map(({ id }) => id);
  }
}
