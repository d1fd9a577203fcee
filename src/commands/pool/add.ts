import { Flags } from '@oclif/core';

import { withPool } from '../../domain/index.js';
import { poolSchema } from '../../domain/spec/schema.js';
import { UsageError } from '../../errors/index.js';
import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster, poolArg } from '../../cli/cluster-args.js';
import { changePools } from '../../cli/change-pools.js';
import { standbyFlag } from '../../cli/pool-size.js';
import { renderReady } from '../../cli/views/cluster.js';
import type { ReconcileResult } from '../../workflows/cluster/reconcile.js';

export default class PoolAdd extends BaseCommand {
  static override summary = 'Add a pool of machines to a cluster.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo batch --count 2',
    '<%= config.bin %> <%= command.id %> demo batch --count 2 --type cpx41 --type cpx31',
  ];
  static override usage = '<%= command.id %> CLUSTER POOL [--count N] [--standby N] [--type TYPE...]';
  static override args = { cluster: clusterArg, pool: poolArg };
  static override flags = {
    cluster: clusterFlag,
    count: Flags.integer({ description: 'How many machines.', default: 1, min: 0 }),
    standby: standbyFlag(),
    type: Flags.string({ description: 'Machine type; several times: fallbacks.', multiple: true }),
    yes: yesFlag,
  };

  async run(): Promise<ReconcileResult> {
    const { argv, flags } = await this.parse(PoolAdd);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'pool add', ['pool']);
    const [name] = names;
    const parsed = poolSchema.safeParse({
      name,
      count: flags.count,
      ...(flags.standby === undefined ? {} : { standby: flags.standby }),
      ...(flags.type ? { type: flags.type } : {}),
    });
    if (!parsed.success) {
      throw new UsageError(
        `${name} cannot be a pool: ${parsed.error.issues.map((issue) => issue.message).join('; ')}.`,
        {
          code: 'BAD_FLAGS',
        },
      );
    }
    const pool = parsed.data;
    return this.withRuntime(flags, async (runtime) => {
      const result = await changePools(
        runtime,
        cluster,
        { kind: 'add', pool },
        (spec) => withPool(spec, pool),
        this.commandLine(),
      );
      this.log(renderReady(result));
      return result;
    });
  }
}
