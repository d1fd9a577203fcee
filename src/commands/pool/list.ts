import { BaseCommand } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster } from '../../cli/cluster-args.js';
import { outputWithNamesFlag } from '../../cli/output.js';
import { table } from '../../ui/index.js';
import { listPools, type ListedPool } from '../../workflows/pool/list.js';

export default class PoolList extends BaseCommand {
  static override summary = 'List the pools of a cluster with their machines.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo -o name',
  ];
  static override usage = '<%= command.id %> CLUSTER';
  static override args = { cluster: clusterArg };
  static override flags = { cluster: clusterFlag, output: outputWithNamesFlag };

  async run(): Promise<{ pools: readonly ListedPool[] }> {
    const { argv, flags } = await this.parse(PoolList);
    const { cluster } = namedCluster(argv.map(String), flags, 'pool list', []);
    return this.withRuntime(flags, async (runtime) => {
      const pools = await listPools(runtime, cluster);
      const rows = pools.map((pool) => [
        pool.name,
        machinesOf(pool),
        String(pool.ready ?? '?'),
        standing(pool),
        pool.types.join(', '),
      ]);
      this.log(table(['POOL', 'MACHINES', 'READY', 'STANDBY', 'TYPES'], rows, { columns: this.columns }));
      return { pools };
    });
  }

  protected override namesOf({ pools }: { pools: readonly ListedPool[] }): readonly string[] {
    return pools.map(({ name }) => name);
  }
}

const machinesOf = ({ machines, autoscale }: ListedPool): string =>
  autoscale ? `${machines} (${autoscale.min} to ${autoscale.max})` : String(machines);

const standing = ({ standbys, prepared }: ListedPool): string =>
  standbys === prepared ? String(standbys) : `${standbys}, ${prepared} prepared`;
