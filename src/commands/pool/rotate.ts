import { BaseCommand } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster, poolArg } from '../../cli/cluster-args.js';
import { recycleFlags, recycleInput } from '../../cli/recycle-input.js';
import { recycledText } from '../../cli/views/recycle.js';
import { planRecycling, recycleCluster, type RecycleResult } from '../../workflows/cluster/recycle.js';

export default class PoolRotate extends BaseCommand {
  static override summary = 'Replace the nodes of a pool by fresh machines; pods move before they go.';
  static override description =
    'As `slipway cluster recycle --pool`. A run that was stopped is finished by the same command: what is fresh is not replaced again.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo web --dry-run',
    '<%= config.bin %> <%= command.id %> demo web --type cax31 --max-surge 2',
    '<%= config.bin %> <%= command.id %> web -c demo --location nbg1 --yes',
  ];
  static override usage = '<%= command.id %> CLUSTER POOL [--type TYPE...] [--location LOCATION...]';
  static override args = { cluster: clusterArg, pool: poolArg };
  static override flags = { cluster: clusterFlag, ...recycleFlags };

  async run(): Promise<RecycleResult> {
    const { argv, flags } = await this.parse(PoolRotate);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'pool rotate', ['pool']);
    const [pool] = names;
    return this.withRuntime(flags, async (runtime) => {
      const input = await recycleInput(runtime, cluster, { kind: 'pool', pool }, flags);
      const result = flags['dry-run']
        ? await planRecycling(runtime, input)
        : await recycleCluster(runtime, input, 'pool rotate', this.commandLine());
      this.logMarked(recycledText(result));
      return result;
    });
  }
}
