import { BaseCommand } from '../../runtime/base-command.js';
import { clusterArg, clusterFlag, namedCluster } from '../../runtime/cluster-args.js';
import { outputWithNamesFlag } from '../../runtime/output.js';
import { table } from '../../ui/index.js';
import { type ClusterStatus, clusterStatus } from '../../workflows/status.js';

interface PoolRow {
  readonly name: string;
  readonly machines: number;
  readonly ready: number;
  readonly types: readonly string[];
}

export default class PoolList extends BaseCommand {
  static override summary = 'List the pools of a cluster with their machines.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo -o name',
  ];
  static override usage = '<%= command.id %> CLUSTER';
  static override args = { cluster: clusterArg };
  static override flags = { cluster: clusterFlag, output: outputWithNamesFlag };

  async run(): Promise<{ pools: readonly PoolRow[] }> {
    const { argv, flags } = await this.parse(PoolList);
    const { cluster } = namedCluster(argv.map(String), flags, 'pool list', []);
    return this.withRuntime(flags, async (runtime) => {
      const pools = rowsOf(await clusterStatus(runtime, cluster));
      const rows = pools.map((pool) => [pool.name, String(pool.machines), String(pool.ready), pool.types.join(', ')]);
      this.log(table(['POOL', 'MACHINES', 'READY', 'TYPES'], rows, { columns: this.columns }));
      return { pools };
    });
  }

  protected override namesOf({ pools }: { pools: readonly PoolRow[] }): readonly string[] {
    return pools.map(({ name }) => name);
  }
}

function rowsOf(status: ClusterStatus): PoolRow[] {
  return [...new Set(status.machines.map((machine) => machine.pool))].map((name) => {
    const own = status.machines.filter((machine) => machine.pool === name);
    return {
      name,
      machines: own.length,
      ready: own.filter((machine) => machine.node?.ready === true).length,
      types: [...new Set(own.map((machine) => machine.type))],
    };
  });
}
