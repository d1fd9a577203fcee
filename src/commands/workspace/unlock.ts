import { Args } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { unlockCluster } from '../../workflows/cluster/unlock.js';

export default class WorkspaceUnlock extends BaseCommand {
  static override summary = 'Take away a cluster’s lock whose holder is gone for good.';
  static override description =
    'A lock of a dead process on this computer is taken over without this. Of one on another computer only you can know.';
  static override examples = ['<%= config.bin %> <%= command.id %> demo --yes'];
  static override args = {
    name: Args.string({ ignoreStdin: true, description: 'The cluster’s name.', required: true }),
  };
  static override flags = { yes: yesFlag };

  async run(): Promise<Awaited<ReturnType<typeof unlockCluster>>> {
    const { args, flags } = await this.parse(WorkspaceUnlock);
    return this.withRuntime(flags, async (runtime) => {
      const result = await unlockCluster(runtime, args.name);
      this.log(`The lock of ${args.name} is free.`);
      return result;
    });
  }
}
