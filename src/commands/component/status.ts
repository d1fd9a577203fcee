import { BaseCommand } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster } from '../../cli/cluster-args.js';
import { outputWithNamesFlag, wideFlag } from '../../cli/output.js';
import { simulatedLines } from '../../cli/views/cluster.js';
import { table } from '../../ui/index.js';
import { type ComponentStatus, componentStatus } from '../../workflows/component/status.js';

export default class ComponentStatusCommand extends BaseCommand {
  static override summary = 'Show the components of a cluster: versions, health, and why one is not healthy.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo -o yaml',
  ];
  static override usage = '<%= command.id %> CLUSTER';
  static override args = { cluster: clusterArg };
  static override flags = { cluster: clusterFlag, output: outputWithNamesFlag, wide: wideFlag };

  async run(): Promise<ComponentStatus> {
    const { argv, flags } = await this.parse(ComponentStatusCommand);
    const { cluster } = namedCluster(argv.map(String), flags, 'component status', []);
    return this.withRuntime(flags, async (runtime) => {
      const status = await componentStatus(runtime, cluster);
      this.log(rendered(status, flags.wide ? undefined : this.columns));
      return status;
    });
  }

  protected override namesOf({ components }: ComponentStatus): readonly string[] {
    return components.map(({ name }) => name);
  }
}

function rendered({ cluster, simulated, components }: ComponentStatus, columns: number | undefined): string {
  if (components.length === 0) return `${cluster} has no components, and is not asked to.`;
  const rows = components.map(({ name, desired, installed, health, why }) => [
    name,
    desired ?? '',
    installed ?? '',
    health,
    why[0] ?? '',
  ]);
  const more = components.flatMap(({ name, why }) => why.slice(1).map((line) => `${name}: ${line}`));
  const differing = components.filter(({ differs }) => differs !== undefined);
  return [
    ...simulatedLines(simulated),
    table(['COMPONENT', 'WANTED', 'INSTALLED', 'HEALTH', 'WHY'], rows, { columns, leaveOut: ['WANTED', 'INSTALLED'] }),
    ...(more.length > 0 ? ['', ...more] : []),
    ...(differing.length > 0
      ? [
          '',
          `Differs from the file (slipway cluster apply ${cluster}):`,
          ...differing.map(({ name, differs }) => `  ${name}: ${differs ?? ''}`),
        ]
      : []),
  ].join('\n');
}
