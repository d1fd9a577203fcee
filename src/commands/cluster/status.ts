import { Args, Flags } from '@oclif/core';

import { clusterToYaml } from '../../config/index.js';
import { BaseCommand } from '../../runtime/base-command.js';
import { currentFile } from '../../runtime/cluster-input.js';
import { renderHistory, renderStatus } from '../../runtime/views.js';
import { liveScreen } from '../../ui/index.js';
import { knownCluster } from '../../workflows/known-cluster.js';
import { clusterHistory, clusterStatus } from '../../workflows/status.js';

export default class ClusterStatusCommand extends BaseCommand {
  static override summary = 'Show machines, nodes, versions, health, and what differs from the file.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --watch',
    '<%= config.bin %> <%= command.id %> demo --spec > cluster.yaml',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, description: 'The cluster’s name.', required: true }),
  };
  static override flags = {
    watch: Flags.boolean({ char: 'w', description: 'Keep showing it until Ctrl-C.', exclusive: ['spec', 'history'] }),
    interval: Flags.integer({ description: 'Seconds between looks with --watch.', default: 3, min: 1 }),
    spec: Flags.boolean({ description: 'Print what was asked for, as a cluster file.', exclusive: ['history'] }),
    history: Flags.boolean({ description: 'List the operations on the cluster, newest first.' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ClusterStatusCommand);
    return this.withRuntime(flags, async (runtime) => {
      if (flags.spec) {
        const { record } = await knownCluster(runtime.workspace, args.name);
        this.logData(clusterToYaml(record.spec).trimEnd());
        return record.spec;
      }
      if (flags.history) {
        const operations = await clusterHistory(runtime, args.name);
        this.log(renderHistory(operations));
        return { operations };
      }
      const look = async () => clusterStatus(runtime, args.name, await currentFile(runtime, args.name));
      if (!flags.watch) {
        const status = await look();
        this.log(renderStatus(status));
        return status;
      }
      await liveScreen(async () => this.asTyped(renderStatus(await look())), {
        intervalMs: flags.interval * 1000,
        signal: runtime.signal,
        out: process.stdout,
      });
      return undefined;
    });
  }
}
