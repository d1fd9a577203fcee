import { BaseCommand } from '../../cli/base-command.js';
import { clusterArg, namedCluster } from '../../cli/cluster-args.js';
import { changeFlags, tenantArg, tenantChange } from '../../cli/tenant-input.js';
import { changedText, tenantPlanText } from '../../cli/views/tenant.js';
import type { TenantChanged } from '../../workflows/tenant/change.js';

export default class TenantSuspend extends BaseCommand {
  static override summary = 'Keep a tenant’s people from changing anything; what runs goes on running.';
  static override description =
    'Kubeconfigs that they have go on working for looking, without Secrets. Undone by `tenant resume`.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo globex',
    '<%= config.bin %> <%= command.id %> globex -c demo --yes',
  ];
  static override usage = '<%= command.id %> CLUSTER TENANT [--dry-run]';
  static override args = { cluster: clusterArg, tenant: tenantArg };
  static override flags = changeFlags;

  async run(): Promise<TenantChanged> {
    const { argv, flags } = await this.parse(TenantSuspend);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'tenant suspend', ['tenant']);
    return this.withRuntime(flags, async (runtime) => {
      const edit = { kind: 'change', name: names[0], change: { suspended: true } } as const;
      const how = { operation: 'tenant suspend', commandLine: this.commandLine(), dryRun: flags['dry-run'] };
      const result = await tenantChange(runtime, cluster, edit, how);
      this.log(flags['dry-run'] ? tenantPlanText(result) : changedText(result, 'suspended'));
      return result;
    });
  }
}
