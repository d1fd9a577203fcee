import { BaseCommand } from '../../cli/base-command.js';
import { clusterArg, namedCluster } from '../../cli/cluster-args.js';
import { changeFlags, tenantArg, tenantChange } from '../../cli/tenant-input.js';
import { changedText, tenantPlanText } from '../../cli/views/tenant.js';
import type { TenantChanged } from '../../workflows/tenant/change.js';

export default class TenantResume extends BaseCommand {
  static override summary = 'Let a tenant’s people change things again.';
  static override description = 'Kubeconfigs that they have work as before.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo globex',
    '<%= config.bin %> <%= command.id %> globex -c demo --yes',
  ];
  static override usage = '<%= command.id %> CLUSTER TENANT [--dry-run]';
  static override args = { cluster: clusterArg, tenant: tenantArg };
  static override flags = changeFlags;

  async run(): Promise<TenantChanged> {
    const { argv, flags } = await this.parse(TenantResume);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'tenant resume', ['tenant']);
    return this.withRuntime(flags, async (runtime) => {
      const edit = { kind: 'change', name: names[0], change: { suspended: false } } as const;
      const how = { operation: 'tenant resume', commandLine: this.commandLine(), dryRun: flags['dry-run'] };
      const result = await tenantChange(runtime, cluster, edit, how);
      this.log(flags['dry-run'] ? tenantPlanText(result) : changedText(result, 'resumed'));
      return result;
    });
  }
}
