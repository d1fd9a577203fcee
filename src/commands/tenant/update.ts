import { BaseCommand } from '../../cli/base-command.js';
import { clusterArg, namedCluster } from '../../cli/cluster-args.js';
import { changeFlags, changeOfFlags, tenantArg, tenantChange, tenantFlags } from '../../cli/tenant-input.js';
import { changedText, tenantPlanText } from '../../cli/views/tenant.js';
import type { TenantChanged } from '../../workflows/tenant/change.js';

export default class TenantUpdate extends BaseCommand {
  static override summary = 'Change what a tenant may have, or bring one up to its file.';
  static override description = 'A quota below what the tenant uses now is refused, with the numbers.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo globex --memory 8Gi',
    '<%= config.bin %> <%= command.id %> demo globex --domain globex.org --pods 50',
    '<%= config.bin %> <%= command.id %> demo globex',
  ];
  static override usage = '<%= command.id %> CLUSTER TENANT [--domain DOMAIN...] [--cpu N] [--memory SIZE]';
  static override args = { cluster: clusterArg, tenant: tenantArg };
  static override flags = { ...changeFlags, ...tenantFlags };

  async run(): Promise<TenantChanged> {
    const { argv, flags } = await this.parse(TenantUpdate);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'tenant update', ['tenant']);
    return this.withRuntime(flags, async (runtime) => {
      const edit = { kind: 'change', name: names[0], change: changeOfFlags(flags) } as const;
      const how = { operation: 'tenant update', commandLine: this.commandLine(), dryRun: flags['dry-run'] };
      const result = await tenantChange(runtime, cluster, edit, how);
      this.log(flags['dry-run'] ? tenantPlanText(result) : changedText(result, 'changed'));
      return result;
    });
  }
}
