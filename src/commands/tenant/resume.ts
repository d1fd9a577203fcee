import { clusterArg } from '../../cli/cluster-args.js';
import { changeFlags, tenantArg } from '../../cli/tenant-input.js';
import { TenantChangeCommand } from '../../cli/tenant-change-command.js';
import type { TenantChanged } from '../../workflows/tenant/change.js';

export default class TenantResume extends TenantChangeCommand {
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
    return this.change(await this.parse(TenantResume), { kind: 'change', change: { suspended: false } }, 'resumed');
  }
}
