import { realpathSync } from 'node:fs';

import { Args, Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../cli/base-command.js';
import { clusterInput } from '../cli/cluster-input.js';
import { maintainUnits } from '../cli/maintain-unit.js';
import { workspaceVariables } from '../cli/systemd-unit.js';
import { upgradeFile } from '../cli/upgrade-file.js';
import { renderRound } from '../cli/views/maintain.js';
import { maintainJobs } from '../domain/maintenance.js';
import { exitCodes } from '../errors/index.js';
import type { MaintainResult } from '../workflows/maintain/report.js';

export default class Maintain extends BaseCommand {
  static override summary = 'Do what is due for a cluster, as far as its file allows it now.';
  static override description = `One round: fresh certificates before one ends, a backup and its weekly drill, the newest patch of Kubernetes, components that differ from the file, reboots that updates wait for, and keys that are too old. Under \`maintain:\` the file says what is done by itself, what waits for a person, and in which windows nodes may be disturbed. A cluster that is not well is left to \`cluster heal\`.

With --yes nobody is asked: what the file says to ask about is left, unless --approve names it. Exit codes for CI and timers: 0 nothing is left to do now, 3 refused or failed before any change, 4 failed after changes, 5 something waits for a person.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo --dry-run',
    '<%= config.bin %> <%= command.id %> demo --yes',
    '<%= config.bin %> <%= command.id %> demo --yes --approve minor',
    '<%= config.bin %> <%= command.id %> demo --systemd timer',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, required: true, description: 'The cluster’s name.' }),
  };
  static override flags = {
    approve: Flags.option({
      options: maintainJobs,
      multiple: true,
      description: 'Agree to a job that waits for a person. Windows count all the same.',
    })(),
    'dry-run': Flags.boolean({ description: 'Show what is due, and every step of it; change nothing.' }),
    systemd: Flags.option({
      options: ['service', 'timer'] as const,
      description: 'Print a systemd unit: what runs a round, or what starts it; change nothing.',
      exclusive: ['dry-run', 'approve'],
    })(),
    yes: yesFlag,
  };

  async run(): Promise<MaintainResult | { readonly unit: string }> {
    const { args, flags } = await this.parse(Maintain);
    if (flags.systemd) {
      const unit = maintainUnits[flags.systemd]({
        cluster: args.name,
        program: [process.execPath, realpathSync(process.argv[1]!)],
        args: [],
        environment: workspaceVariables(this.environment(flags)),
      });
      this.log(unit.trimEnd());
      return { unit };
    }
    return this.withRuntime(flags, async (runtime) => {
      const { maintainCluster } = await import('../workflows/maintain/maintain.js');
      const { roundEnd } = await import('../workflows/maintain/report.js');
      const { spec } = await clusterInput(runtime, { name: args.name, file: undefined, describe: {} }, false);
      const result = await maintainCluster(
        runtime,
        {
          cluster: args.name,
          spec,
          file: await upgradeFile(runtime, args.name),
          approved: new Set(flags.approve ?? []),
          mayAsk: !flags.yes && !flags['dry-run'],
          dryRun: flags['dry-run'],
        },
        this.commandLine(),
      );
      this.logMarked(renderRound(result));
      process.exitCode = exitCodes[roundEnd(result)];
      return result;
    });
  }
}
