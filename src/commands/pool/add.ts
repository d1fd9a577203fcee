import { Args, Flags } from '@oclif/core';

import { withPool } from '../../domain/index.js';
import { poolSchema } from '../../domain/spec/schema.js';
import { UsageError } from '../../errors/index.js';
import { BaseCommand, yesFlag } from '../../runtime/base-command.js';
import { changePools } from '../../runtime/change-pools.js';
import { renderReady } from '../../runtime/views.js';
import type { ReconcileResult } from '../../workflows/reconcile.js';

export default class PoolAdd extends BaseCommand {
  static override summary = 'Add a pool of machines to a cluster.';
  static override args = { name: Args.string({ description: 'The pool’s name.', required: true }) };
  static override flags = {
    cluster: Flags.string({ char: 'c', description: 'The cluster’s name.', required: true }),
    count: Flags.integer({ description: 'How many machines.', default: 1, min: 0 }),
    type: Flags.string({ description: 'Machine type; several times: fallbacks.', multiple: true }),
    yes: yesFlag,
  };

  async run(): Promise<ReconcileResult> {
    const { args, flags } = await this.parse(PoolAdd);
    const parsed = poolSchema.safeParse({
      name: args.name,
      count: flags.count,
      ...(flags.type ? { type: flags.type } : {}),
    });
    if (!parsed.success) {
      throw new UsageError(
        `${args.name} cannot be a pool: ${parsed.error.issues.map((issue) => issue.message).join('; ')}.`,
        {
          code: 'BAD_FLAGS',
        },
      );
    }
    const pool = parsed.data;
    return this.withRuntime(flags, async (runtime) => {
      const result = await changePools(
        runtime,
        flags.cluster,
        { kind: 'add', pool },
        (spec) => withPool(spec, pool),
        this.commandLine(),
      );
      this.log(renderReady(result));
      return result;
    });
  }
}
