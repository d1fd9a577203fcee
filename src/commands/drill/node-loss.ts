import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { askedAddress, drillFlags, keepDrill } from '../../cli/drill.js';
import { milliseconds } from '../../cli/duration.js';
import { drillNodeLoss } from '../../workflows/drill/node-loss.js';
import type { DrillReport } from '../../workflows/drill/report.js';

export default class DrillNodeLoss extends BaseCommand {
  static override summary = 'Delete a machine on purpose, and time how what it did comes back.';
  static override description = `The machine is deleted at its provider without a word to the cluster. Each second it is looked whether that was noticed, its volumes are detached, its pods are Ready elsewhere, --url is answered, and a node has taken its place. What was found is kept and compared with earlier drills.

Nothing is deleted where data or etcd’s quorum would be lost, where pods would have nowhere to go, or where the cluster is not well.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --heal --yes',
    '<%= config.bin %> <%= command.id %> demo --node web-2 --html drill.html',
    '<%= config.bin %> <%= command.id %> demo --node web-2 --by-hand',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = {
    node: Flags.string({ description: 'A node by its name or place (web-2). Default: the worker with most pods.' }),
    heal: Flags.boolean({
      description: 'Heal it from here, as `cluster heal --watch` would.',
      dependsOn: ['yes'],
    }),
    'by-hand': Flags.boolean({
      description: 'Delete nothing: say when to switch off a host of your own, and time it from then.',
      exclusive: ['heal'],
    }),
    ...drillFlags,
    yes: yesFlag,
  };

  async run(): Promise<DrillReport> {
    const { args, flags } = await this.parse(DrillNodeLoss);
    const input = {
      cluster: args.name,
      node: flags.node,
      url: flags.url === undefined ? undefined : askedAddress(flags.url),
      heal: flags.heal
        ? { off: new Set<string>(), rebootAfterMs: 180_000, replaceAfterMs: 300_000, maxWorkersDown: '40%' }
        : undefined,
      byHand: flags['by-hand'],
      deadlineMs: milliseconds('--give-up-after', flags['give-up-after']),
    };
    const keep = keepDrill(flags.html, (text) => this.log(text));
    return this.withRuntime(flags, (runtime) => drillNodeLoss(runtime, input, this.commandLine(), keep));
  }
}
