import { clusterArg } from '../../cli/cluster-args.js';
import { changeFlags, changeOfFlags, tenantArg, tenantFlags } from '../../cli/tenant-input.js';
import { TenantChangeCommand } from '../../cli/tenant-change-command.js';
import type { TenantChanged } from '../../workflows/tenant/change.js';

export default class TenantCreate extends TenantChangeCommand {
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
    const parsed = await this.parse(TenantCreate);
    return this.change(parsed, { kind: 'add', change: changeOfFlags(parsed.flags) }, 'there');
  }
}
