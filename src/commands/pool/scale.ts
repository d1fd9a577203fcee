import { Args, Flags } from '@oclif/core';

import { withPoolCount } from '../../domain/index.js';
import { BaseCommand, yesFlag } from '../../runtime/base-command.js';
import { changePools } from '../../runtime/change-pools.js';
import { renderReady } from '../../runtime/views.js';
import type { ReconcileResult } from '../../workflows/reconcile.js';

export default class PoolScale extends BaseCommand {
  static override summary = 'Change how many machines a pool has; machines are drained before they go.';
  static override args = { name: Args.string({ description: 'The pool’s name.', required: true }) };
  static override flags = {
    cluster: Flags.string({ char: 'c', description: 'The cluster’s name.', required: true }),
    count: Flags.integer({ description: 'How many machines.', required: true, min: 0, max: 500 }),
    yes: yesFlag,
  };

  async run(): Promise<ReconcileResult> {
    const { args, flags } = await this.parse(PoolScale);
    const { count } = flags;
    return this.withRuntime(flags, async (runtime) => {
      const edit = { kind: 'scale', name: args.name, count } as const;
      const result = await changePools(
        runtime,
        flags.cluster,
        edit,
        (spec) => withPoolCount(spec, args.name, count),
        this.commandLine(),
      );
      this.log(renderReady(result));
      return result;
    });
  }
}
