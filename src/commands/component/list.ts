import { Flags } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster } from '../../cli/cluster-args.js';
import { clusterInput } from '../../cli/cluster-input.js';
import { amount, nodesText } from '../../cli/views/components.js';
import { outputWithNamesFlag, wideFlag } from '../../cli/output.js';
import { table } from '../../ui/index.js';
import { type ComponentList, listComponents } from '../../workflows/component/list.js';

export default class ComponentListCommand extends BaseCommand {
  static override summary = 'List components: which are on in a cluster, why, and what they ask of its nodes.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> -f cluster.yaml -o name',
  ];
  static override usage = '<%= command.id %> [CLUSTER | --file FILE]';
  static override args = { cluster: clusterArg };
  static override flags = {
    cluster: clusterFlag,
    output: outputWithNamesFlag,
    wide: wideFlag,
    file: Flags.string({ char: 'f', description: 'The cluster file; - reads standard input.' }),
  };

  async run(): Promise<ComponentList> {
    const { argv, flags } = await this.parse(ComponentListCommand);
    const name =
      argv.length === 0
        ? flags.cluster
        : namedCluster(argv.map(String), { cluster: flags.cluster }, 'component list', []).cluster;
    return this.withRuntime(flags, async (runtime) => {
      const input = await clusterInput(runtime, { name, file: flags.file, describe: {} }, false);
      const list = await listComponents(runtime, input.spec);
      const rows = list.components.map(({ name, on, because, version, requests }) => [
        name,
        on ? 'on' : 'off',
        version ?? '',
        ...(requests ? amount(requests) : ['', '', '']),
        because,
      ]);
      this.log(
        table(['COMPONENT', '', 'VERSION', 'CPU', 'MEMORY', 'VOLUMES', 'BECAUSE'], rows, {
          columns: flags.wide ? undefined : this.columns,
          leaveOut: ['VOLUMES', 'VERSION'],
        }),
      );
      const [cpu, memory, volumes] = amount(list.total);
      this.log(
        `\nOn ${nodesText(list.nodes)} they ask for ${cpu} of cpu and ${memory} of memory.${volumes === '' ? '' : `\nVolumes: ${volumes}.`}`,
      );
      return list;
    });
  }

  /** Those that are on: what `component render` takes. */
  protected override namesOf({ components }: ComponentList): readonly string[] {
    return components.flatMap(({ name, on }) => (on ? [name] : []));
  }
}
