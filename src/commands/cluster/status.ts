import { Args, Flags } from '@oclif/core';

import { clusterToYaml } from '../../config/index.js';
import { exitCodes } from '../../errors/index.js';
import { BaseCommand } from '../../cli/base-command.js';
import { currentFile } from '../../cli/cluster-input.js';
import { wideFlag } from '../../cli/output.js';
import { renderHistory, renderStatus } from '../../cli/views/cluster.js';
import { liveObjects, liveScreen, renderError } from '../../ui/index.js';
import { knownCluster } from '../../workflows/cluster/known-cluster.js';
import { clusterHistory, type ClusterStatus, clusterStatus } from '../../workflows/cluster/status.js';

export default class ClusterStatusCommand extends BaseCommand {
  static override summary = 'Show machines, nodes, versions, health, and what differs from the file.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --watch',
    '<%= config.bin %> <%= command.id %> demo --spec > cluster.yaml',
  ];
  static override usage = '<%= command.id %> NAME [--wide | --watch | --exit-code | --spec | --history]';
  static override args = {
    name: Args.string({ ignoreStdin: true, description: 'The cluster’s name.', required: true }),
  };
  static override flags = {
    watch: Flags.boolean({ char: 'w', description: 'Keep showing it until Ctrl-C.', exclusive: ['spec', 'history'] }),
    interval: Flags.integer({ description: 'Seconds between looks with --watch.', default: 3, min: 1 }),
    'exit-code': Flags.boolean({
      description: 'Exit with 8 when the cluster is not healthy.',
      exclusive: ['watch', 'spec', 'history'],
    }),
    wide: wideFlag,
    spec: Flags.boolean({ description: 'Print the cluster as a cluster file.', exclusive: ['history'] }),
    history: Flags.boolean({ description: 'List the operations on the cluster, newest first.' }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ClusterStatusCommand);
    // Nothing else writes on a screen that is drawn anew.
    const columns = flags.wide ? undefined : this.columns;
    const quiet = flags.watch && flags.progress === 'auto' ? { ...flags, progress: 'none' } : flags;
    return this.withRuntime(quiet, async (runtime) => {
      if (flags.spec) {
        const { record } = await knownCluster(runtime.workspace, args.name);
        this.logData(clusterToYaml(record.spec).trimEnd());
        return record.spec;
      }
      if (flags.history) {
        const operations = await clusterHistory(runtime, args.name);
        this.log(renderHistory(operations, columns));
        return { operations };
      }
      const look = async (): Promise<ClusterStatus> =>
        clusterStatus(runtime, args.name, await currentFile(runtime, args.name));
      const text = (status: ClusterStatus): string => renderStatus(status, columns);
      if (flags.watch) {
        // What comes and goes is watched; a name that is none stays none.
        await knownCluster(runtime.workspace, args.name);
        const live = { intervalMs: flags.interval * 1000, signal: runtime.signal, out: process.stdout };
        if (this.jsonEnabled()) await liveObjects(look, (error) => ({ error: this.errorJson(error) }), live);
        else {
          const typed = (words: string): string => this.asTyped(words);
          await liveScreen(
            async () => typed(text(await look())),
            (error) => typed(renderError(error)),
            live,
          );
        }
        return undefined;
      }
      const status = await look();
      this.log(text(status));
      if (flags['exit-code'] && status.problems.length > 0) process.exitCode = exitCodes.unhealthy;
      return status;
    });
  }
}
