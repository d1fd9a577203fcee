import { Args, Flags } from '@oclif/core';

import type { RecycleScope } from '../../domain/index.js';
import { BaseCommand } from '../../cli/base-command.js';
import { recycleFlags, recycleInput } from '../../cli/recycle-input.js';
import { recycledText } from '../../cli/views/recycle.js';
import { planRecycling, recycleCluster, type RecycleResult } from '../../workflows/cluster/recycle.js';

export default class ClusterRecycle extends BaseCommand {
  static override summary = 'Replace nodes by fresh machines, one after another; pods move before they go.';
  static override description = `Every node is replaced, or those that flags name. A fresh machine joins and is Ready, servers vote in etcd; then the old one is drained, leaves etcd and is deleted. Servers go one at a time and before the workers, the one by which others find the API last.

A run that was stopped is finished by the same command: what is fresh is not replaced again. Data on a node’s own disk is in the way, unless --accept-data-loss names the pod that may lose it.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --dry-run',
    '<%= config.bin %> <%= command.id %> demo --outdated',
    '<%= config.bin %> <%= command.id %> demo --pool web --type cax31 --max-surge 2',
    '<%= config.bin %> <%= command.id %> demo --image debian-13 --yes',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = {
    pool: Flags.string({
      description: 'Only the nodes of this pool; cp: the servers.',
      exclusive: ['node', 'outdated'],
    }),
    node: Flags.string({
      description: 'Only this node, by its name or place (web-1).',
      multiple: true,
      exclusive: ['pool', 'outdated'],
    }),
    outdated: Flags.boolean({
      description: 'Only nodes that the plan says need it.',
      exclusive: ['pool', 'node'],
    }),
    image: Flags.string({ description: 'System image of the fresh machines, from then on of all.' }),
    ...recycleFlags,
  };

  async run(): Promise<RecycleResult> {
    const { args, flags } = await this.parse(ClusterRecycle);
    return this.withRuntime(flags, async (runtime) => {
      const input = await recycleInput(runtime, args.name, scopeOf(flags), flags);
      const result = flags['dry-run']
        ? await planRecycling(runtime, input)
        : await recycleCluster(runtime, input, 'cluster recycle', this.commandLine());
      this.logMarked(recycledText(result));
      return result;
    });
  }
}

function scopeOf(flags: {
  readonly pool?: string | undefined;
  readonly node?: readonly string[] | undefined;
  readonly outdated: boolean;
}): RecycleScope {
  if (flags.pool !== undefined) return { kind: 'pool', pool: flags.pool };
  if (flags.node !== undefined) return { kind: 'nodes', nodes: flags.node };
  return { kind: flags.outdated ? 'outdated' : 'all' };
}
