import { findPool, withPoolSize } from '../../domain/index.js';
import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster, poolArg } from '../../cli/cluster-args.js';
import { changePools, currentSpec } from '../../cli/change-pools.js';
import { renderReady } from '../../cli/views/cluster.js';
import { refuseWithoutStandby } from '../../workflows/pool/promote.js';
import type { ReconcileResult } from '../../workflows/cluster/reconcile.js';

export default class PoolPromote extends BaseCommand {
  static override summary = 'Have a standby join its pool, which is then one machine larger.';
  static override description =
    'The machine is booted and prepared, so that it only has to join. Another one is made to stand by in its place.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo web',
    '<%= config.bin %> <%= command.id %> web -c demo --yes',
  ];
  static override usage = '<%= command.id %> CLUSTER POOL';
  static override args = { cluster: clusterArg, pool: poolArg };
  static override flags = { cluster: clusterFlag, yes: yesFlag };

  async run(): Promise<ReconcileResult> {
    const { argv, flags } = await this.parse(PoolPromote);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'pool promote', ['pool']);
    const [name] = names;
    return this.withRuntime(flags, async (runtime) => {
      const { count } = findPool(await currentSpec(runtime, cluster), name);
      await refuseWithoutStandby(runtime, cluster, name);
      const size = { count: count + 1 };
      const result = await changePools(
        runtime,
        cluster,
        { kind: 'promote', name, size },
        (spec) => withPoolSize(spec, name, size),
        this.commandLine(),
      );
      this.log(renderReady(result));
      return result;
    });
  }
}
