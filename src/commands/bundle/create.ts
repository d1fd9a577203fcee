import { resolve } from 'node:path';

import { Flags } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { renderBundle } from '../../cli/views/bundle.js';
import type { BundleView } from '../../workflows/bundle/verify.js';

type Architecture = BundleView['architectures'][number];

export default class BundleCreate extends BaseCommand {
  static override summary = 'Make a folder from which machines get k3s, instead of downloading it themselves.';
  static override description =
    'The folder is named as kubernetes.bundle in a cluster file. Making it again leaves what is right and gets what is missing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --k3s-version v1.36.5+k3s1 --out ./k3s',
    '<%= config.bin %> <%= command.id %> --k3s-version v1.36.5+k3s1 --out k3s --arch arm64',
    '<%= config.bin %> <%= command.id %> --k3s-version v1.36.5+k3s1 --out k3s --image-list',
  ];
  static override flags = {
    'k3s-version': Flags.string({ required: true, description: 'The exact release: v1.36.5+k3s1.' }),
    out: Flags.string({ required: true, description: 'The folder to make.' }),
    arch: Flags.option({
      options: ['amd64', 'arm64'] as const,
      multiple: true,
      description: 'For which machines; may be given twice. Default: amd64.',
    })(),
    from: Flags.string({ description: 'A folder with the release’s files, instead of the release site.' }),
    releases: Flags.string({ description: 'A mirror of the release site: the folder that has one for each version.' }),
    binary: Flags.string({ description: 'A k3s program on this computer, instead of the release’s with its images.' }),
    images: Flags.string({ multiple: true, description: 'A further image archive; may be given several times.' }),
    registries: Flags.string({ description: 'A registries.yaml of k3s: mirrors and how to log in to them.' }),
    'image-list': Flags.boolean({ description: 'Take along the release’s list of images, to fill a mirror from.' }),
  };

  async run(): Promise<BundleView> {
    const { flags } = await this.parse(BundleCreate);
    const path = (value: string | undefined): string | undefined => (value === undefined ? undefined : resolve(value));
    const architectures: readonly Architecture[] = flags.arch ? [...new Set(flags.arch)] : ['amd64'];
    return this.withRuntime(flags, async (runtime) => {
      const { createBundle } = await import('../../workflows/bundle/create.js');
      const made = await createBundle(
        runtime,
        'k3s',
        {
          version: flags['k3s-version'],
          out: resolve(flags.out),
          architectures,
          releases: flags.releases,
          from: path(flags.from),
          binary: path(flags.binary),
          images: (flags.images ?? []).map((file) => resolve(file)),
          registries: path(flags.registries),
          imageList: flags['image-list'],
        },
        this.commandLine(),
      );
      this.log(renderBundle(made));
      return made;
    });
  }
}
