import { BaseCommand } from '../../cli/base-command.js';
import { clusterArg, namedCluster } from '../../cli/cluster-args.js';
import { changeFlags, changeOfFlags, tenantArg, tenantChange, tenantFlags } from '../../cli/tenant-input.js';
import { changedText, tenantPlanText } from '../../cli/views/tenant.js';
import type { TenantChanged } from '../../workflows/tenant/change.js';

export default class TenantCreate extends BaseCommand {
  static override summary = 'Give somebody a place in the cluster that nobody else reaches.';
  static override description =
    'Two namespaces with a quota, network policies, roles and admission rules of their own. It is written into the cluster file, or into a file of its own where `tenantsFrom` names a folder.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo globex --domain globex.example.com',
    '<%= config.bin %> <%= command.id %> demo globex --cpu 4 --memory 8Gi --dry-run',
  ];
  static override usage = '<%= command.id %> CLUSTER TENANT [--domain DOMAIN...] [--cpu N] [--memory SIZE]';
  static override args = { cluster: clusterArg, tenant: tenantArg };
  static override flags = { ...changeFlags, ...tenantFlags };

  async run(): Promise<TenantChanged> {
    const { argv, flags } = await this.parse(TenantCreate);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'tenant create', ['tenant']);
    return this.withRuntime(flags, async (runtime) => {
      const edit = { kind: 'add', name: names[0], change: changeOfFlags(flags) } as const;
      const how = { operation: 'tenant create', commandLine: this.commandLine(), dryRun: flags['dry-run'] };
      const result = await tenantChange(runtime, cluster, edit, how);
      this.log(flags['dry-run'] ? tenantPlanText(result) : changedText(result, 'there'));
      return result;
    });
  }
}
