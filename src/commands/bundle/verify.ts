import { resolve } from 'node:path';

import { Args, Flags } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { renderBundle } from '../../cli/views/bundle.js';
import type { BundleView } from '../../workflows/bundle/verify.js';

export default class BundleVerify extends BaseCommand {
  static override summary = 'Read every file of a bundle and compare it with what it should be.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ./k3s',
    '<%= config.bin %> <%= command.id %> ./k3s --k3s-version v1.36.5+k3s1 --arch arm64',
  ];
  static override args = { folder: Args.string({ ignoreStdin: true, required: true, description: 'The bundle.' }) };
  static override flags = {
    'k3s-version': Flags.string({ description: 'The release it must contain.' }),
    arch: Flags.option({
      options: ['amd64', 'arm64'] as const,
      multiple: true,
      description: 'Architectures it must contain a program for; may be repeated.',
    })(),
  };

  async run(): Promise<BundleView> {
    const { args, flags } = await this.parse(BundleVerify);
    return this.withRuntime(flags, async (runtime) => {
      const { checkBundle } = await import('../../workflows/bundle/verify.js');
      const found = await checkBundle(runtime, 'k3s', resolve(args.folder), {
        version: flags['k3s-version'],
        architectures: flags.arch,
      });
      this.log(renderBundle(found));
      return found;
    });
  }
}
