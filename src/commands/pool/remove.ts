import { withoutPool } from '../../domain/index.js';
import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster, poolArg } from '../../cli/cluster-args.js';
import { changePools } from '../../cli/change-pools.js';
import { renderReady } from '../../cli/views/cluster.js';
import type { ReconcileResult } from '../../workflows/cluster/reconcile.js';

export default class PoolRemove extends BaseCommand {
  static override summary = 'Remove a pool: its machines are drained, taken out of Kubernetes and deleted.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo batch',
    '<%= config.bin %> <%= command.id %> batch -c demo --yes',
  ];
  static override usage = '<%= command.id %> CLUSTER POOL';
  static override args = { cluster: clusterArg, pool: poolArg };
  static override flags = {
    cluster: clusterFlag,
    yes: yesFlag,
  };

  async run(): Promise<ReconcileResult> {
    const { argv, flags } = await this.parse(PoolRemove);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'pool remove', ['pool']);
    const [name] = names;
    return this.withRuntime(flags, async (runtime) => {
      const edit = { kind: 'remove', name } as const;
      const result = await changePools(runtime, cluster, edit, (spec) => withoutPool(spec, name), this.commandLine());
      this.log(renderReady(result));
      return result;
    });
  }
}
