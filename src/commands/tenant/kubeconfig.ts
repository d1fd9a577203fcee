import { Flags } from '@oclif/core';

import { BaseCommand } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster } from '../../cli/cluster-args.js';
import { milliseconds } from '../../cli/duration.js';
import { askedOf, tenantArg } from '../../cli/tenant-input.js';
import { tenantKubeconfig } from '../../workflows/tenant/look.js';

export default class TenantKubeconfig extends BaseCommand {
  static override summary = 'Print a kubeconfig for a tenant’s people, with a token that ends by itself.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo globex > globex.yaml',
    '<%= config.bin %> <%= command.id %> demo globex --duration 8h',
  ];
  static override usage = '<%= command.id %> CLUSTER TENANT [--duration TIME]';
  static override args = { cluster: clusterArg, tenant: tenantArg };
  static override flags = {
    cluster: clusterFlag,
    duration: Flags.string({
      default: '24h',
      description: 'How long the token works: at least 10m; the API may give less.',
    }),
  };

  async run(): Promise<{ readonly kubeconfig: string; readonly expires: string }> {
    const { argv, flags } = await this.parse(TenantKubeconfig);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'tenant kubeconfig', ['tenant']);
    const seconds = milliseconds('--duration', flags.duration) / 1000;
    return this.withRuntime(flags, async (runtime) => {
      const { spec } = await askedOf(runtime, cluster);
      const { kubeconfig, expires } = await tenantKubeconfig(runtime, spec, names[0], seconds);
      this.logData(kubeconfig.reveal().trimEnd());
      return { kubeconfig: kubeconfig.reveal(), expires };
    });
  }
}
