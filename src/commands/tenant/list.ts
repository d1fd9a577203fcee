import { BaseCommand } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster } from '../../cli/cluster-args.js';
import { askedOf } from '../../cli/tenant-input.js';
import { tenantsText } from '../../cli/views/tenant.js';
import { listTenants } from '../../workflows/tenant/look.js';

export default class TenantList extends BaseCommand {
  static override summary = 'List a cluster’s tenants with what they use.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo',
    '<%= config.bin %> <%= command.id %> demo --json',
  ];
  static override usage = '<%= command.id %> CLUSTER';
  static override args = { cluster: clusterArg };
  static override flags = { cluster: clusterFlag };

  async run(): Promise<Awaited<ReturnType<typeof listTenants>>> {
    const { argv, flags } = await this.parse(TenantList);
    const { cluster } = namedCluster(argv.map(String), flags, 'tenant list', []);
    return this.withRuntime(flags, async (runtime) => {
      const { spec } = await askedOf(runtime, cluster);
      const result = await listTenants(runtime, spec);
      this.log(tenantsText(cluster, result.tenants, this.columns));
      return result;
    });
  }
}
