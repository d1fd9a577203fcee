import { Flags } from '@oclif/core';

import { withPoolSize } from '../../domain/index.js';
import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster, poolArg } from '../../cli/cluster-args.js';
import { changePools } from '../../cli/change-pools.js';
import { poolSize, standbyFlag } from '../../cli/pool-size.js';
import { renderReady } from '../../cli/views/cluster.js';
import type { ReconcileResult } from '../../workflows/cluster/reconcile.js';

export default class PoolScale extends BaseCommand {
  static override summary = 'Change how many machines a pool has; machines are drained before they go.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo web --count 5',
    '<%= config.bin %> <%= command.id %> web -c demo --count 5',
    '<%= config.bin %> <%= command.id %> demo web --standby 1',
  ];
  static override usage = '<%= command.id %> CLUSTER POOL [--count N] [--standby N]';
  static override args = { cluster: clusterArg, pool: poolArg };
  static override flags = {
    cluster: clusterFlag,
    count: Flags.integer({ description: 'How many machines.', min: 0, max: 500 }),
    standby: standbyFlag(),
    yes: yesFlag,
  };

  async run(): Promise<ReconcileResult> {
    const { argv, flags } = await this.parse(PoolScale);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'pool scale', ['pool']);
    const [name] = names;
    const size = poolSize(flags);
    return this.withRuntime(flags, async (runtime) => {
      const edit = { kind: 'scale', name, size } as const;
      const result = await changePools(
        runtime,
        cluster,
        edit,
        (spec) => withPoolSize(spec, name, size),
        this.commandLine(),
      );
      this.log(renderReady(result));
      return result;
    });
  }
}
