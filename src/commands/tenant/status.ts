import { BaseCommand } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster } from '../../cli/cluster-args.js';
import { askedOf, tenantArg } from '../../cli/tenant-input.js';
import { tenantText } from '../../cli/views/tenant.js';
import { tenantStatus, type TenantStatus as Status } from '../../workflows/tenant/look.js';

export default class TenantStatus extends BaseCommand {
  static override summary = 'Show one tenant on one screen: quota, pods, volumes, names, and what is wrong.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo globex',
    '<%= config.bin %> <%= command.id %> demo globex --json',
  ];
  static override usage = '<%= command.id %> CLUSTER TENANT';
  static override args = { cluster: clusterArg, tenant: tenantArg };
  static override flags = { cluster: clusterFlag };

  async run(): Promise<Status> {
    const { argv, flags } = await this.parse(TenantStatus);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'tenant status', ['tenant']);
    return this.withRuntime(flags, async (runtime) => {
      const { spec } = await askedOf(runtime, cluster);
      const result = await tenantStatus(runtime, spec, names[0]);
      this.log(tenantText(result));
      return result;
    });
  }
}
