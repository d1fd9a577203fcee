import { realpathSync } from 'node:fs';

import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { milliseconds } from '../../cli/duration.js';
import { healUnit } from '../../cli/heal-unit.js';
import { workspaceVariables } from '../../cli/systemd-unit.js';
import { renderHealing } from '../../cli/views/heal.js';
import { plural } from '../../domain/index.js';
import { healCluster, type HealResult } from '../../workflows/cluster/heal.js';
import type { WatchResult } from '../../workflows/cluster/heal/watch.js';

export default class ClusterHeal extends BaseCommand {
  static override summary = 'Replace machines that are lost, and reboot those that hang.';
  static override description = `A machine that its provider says is off or gone is replaced: its pods and volumes are freed at once, its node and its member of etcd removed, and a fresh one joins. One that runs while its node is not Ready is rebooted; where that does not help, its power is cut and it is replaced.

Nothing is done while the provider or the API does not answer, where more workers are down than --max-workers-down, or to two servers at once.

With --watch, pools with \`autoscale\` follow their pods: a machine is made, or a standby promoted, for pods that find no node for --grow-after, and one that is empty for --shrink-after is drained and removed.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --dry-run',
    '<%= config.bin %> <%= command.id %> demo --yes',
    '<%= config.bin %> <%= command.id %> demo --confirm-off rack1-a',
    '<%= config.bin %> <%= command.id %> demo --watch --yes',
    '<%= config.bin %> <%= command.id %> demo --systemd > slipway-heal-demo.service',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = {
    'confirm-off': Flags.string({
      description: 'A host or machine that you have made sure is off, and stays off.',
      multiple: true,
    }),
    'max-workers-down': Flags.string({
      default: '40%',
      description: 'Do nothing about workers where more are down: a number, or a share, rounded down but at least 1.',
    }),
    'reboot-after': Flags.string({
      default: '3m',
      description: 'How long a node may be not Ready before its machine is rebooted.',
    }),
    'replace-after': Flags.string({
      default: '5m',
      description: 'How long a node may take to be Ready after that before its machine is replaced.',
    }),
    'grow-after': Flags.string({
      default: '30s',
      description: 'How long pods may find no node before a pool with `autoscale` grows; with --watch.',
    }),
    'shrink-after': Flags.string({
      default: '10m',
      description: 'How long a node of such a pool may be empty before it is removed; with --watch.',
    }),
    'dry-run': Flags.boolean({ description: 'Show what would be done; change nothing.' }),
    watch: Flags.boolean({
      description: 'Look every 5 s and heal without asking, until interrupted.',
      dependsOn: ['yes'],
      exclusive: ['dry-run', 'confirm-off'],
    }),
    systemd: Flags.boolean({
      description: 'Print a systemd unit that runs it with --watch; change nothing.',
      exclusive: ['dry-run', 'confirm-off', 'watch'],
    }),
    yes: yesFlag,
  };

  async run(): Promise<HealResult | WatchResult | { readonly unit: string }> {
    const { args, flags } = await this.parse(ClusterHeal);
    const input = {
      cluster: args.name,
      off: new Set(flags['confirm-off'] ?? []),
      maxWorkersDown: flags['max-workers-down'],
      rebootAfterMs: milliseconds('--reboot-after', flags['reboot-after']),
      replaceAfterMs: milliseconds('--replace-after', flags['replace-after']),
    };
    const pace = {
      growAfterMs: milliseconds('--grow-after', flags['grow-after']),
      shrinkAfterMs: milliseconds('--shrink-after', flags['shrink-after']),
    };
    if (flags.systemd) return this.#unit(args.name, flags);
    return this.withRuntime(flags, async (runtime) => {
      if (flags.watch) {
        const { watchCluster } = await import('../../workflows/cluster/heal/watch.js');
        const watched = await watchCluster(runtime, { ...input, pace }, this.commandLine());
        this.log(`Stopped watching ${watched.cluster}; healed ${plural(watched.rounds, 'time')}.`);
        return watched;
      }
      const result = await healCluster(runtime, { ...input, dryRun: flags['dry-run'] }, this.commandLine());
      this.logMarked(renderHealing(result));
      return result;
    });
  }

  #unit(
    cluster: string,
    flags: { readonly workspace?: string | undefined } & Readonly<Record<(typeof passedOn)[number], string>>,
  ): { readonly unit: string } {
    const unit = healUnit({
      cluster,
      program: [process.execPath, realpathSync(process.argv[1]!)],
      args: passedOn.flatMap((name) => [`--${name}`, flags[name]]),
      environment: workspaceVariables(this.environment(flags)),
    });
    this.log(unit.trimEnd());
    return { unit };
  }
}

const passedOn = ['max-workers-down', 'reboot-after', 'replace-after', 'grow-after', 'shrink-after'] as const;
