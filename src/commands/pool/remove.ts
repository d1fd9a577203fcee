import { Args, Flags } from '@oclif/core';

import { withoutPool } from '../../domain/index.js';
import { BaseCommand, yesFlag } from '../../runtime/base-command.js';
import { changePools } from '../../runtime/change-pools.js';
import { renderReady } from '../../runtime/views.js';
import type { ReconcileResult } from '../../workflows/reconcile.js';

export default class PoolRemove extends BaseCommand {
  static override summary = 'Remove a pool: its machines are drained, taken out of Kubernetes and deleted.';
  static override args = { name: Args.string({ description: 'The pool’s name.', required: true }) };
  static override flags = {
    cluster: Flags.string({ char: 'c', description: 'The cluster’s name.', required: true }),
    yes: yesFlag,
  };

  async run(): Promise<ReconcileResult> {
    const { args, flags } = await this.parse(PoolRemove);
    return this.withRuntime(flags, async (runtime) => {
      const edit = { kind: 'remove', name: args.name } as const;
      const result = await changePools(
        runtime,
        flags.cluster,
        edit,
        (spec) => withoutPool(spec, args.name),
        this.commandLine(),
      );
      this.log(renderReady(result));
      return result;
    });
  }
}
