import { Flags } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { outputWithNamesFlag, wideFlag } from '../../cli/output.js';
import { damageTexts, renderClusters } from '../../cli/views/cluster.js';
import { listClusters, type ListedCluster } from '../../workflows/cluster/list.js';

export default class ClusterList extends BaseCommand {
  static override summary = 'List the clusters of this workspace.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --provider hetzner -o name',
  ];
  static override flags = {
    output: outputWithNamesFlag,
    wide: wideFlag,
    provider: Flags.string({ description: 'List clusters found by label at this provider too.' }),
  };

  async run(): Promise<{ clusters: readonly ListedCluster[] }> {
    const { flags } = await this.parse(ClusterList);
    return this.withRuntime(flags, async (runtime) => {
      const clusters = await listClusters(runtime, flags.provider);
      this.log(renderClusters(clusters, flags.wide ? undefined : this.columns));
      for (const text of damageTexts(clusters)) this.warn(text);
      return { clusters };
    });
  }

  protected override namesOf({ clusters }: { clusters: readonly ListedCluster[] }): readonly string[] {
    return clusters.map(({ name }) => name);
  }
}
