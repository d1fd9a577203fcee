import { clusterArg } from '../../cli/cluster-args.js';
import { changeFlags, changeOfFlags, tenantArg, tenantFlags } from '../../cli/tenant-input.js';
import { TenantChangeCommand } from '../../cli/tenant-change-command.js';
import type { TenantChanged } from '../../workflows/tenant/change.js';

export default class TenantUpdate extends TenantChangeCommand {
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
    const parsed = await this.parse(TenantUpdate);
    return this.change(parsed, { kind: 'change', change: changeOfFlags(parsed.flags) }, 'changed');
  }
}
