import { clusterArg } from '../../cli/cluster-args.js';
import { changeFlags, tenantArg } from '../../cli/tenant-input.js';
import { TenantChangeCommand } from '../../cli/tenant-change-command.js';
import type { TenantChanged } from '../../workflows/tenant/change.js';

export default class TenantSuspend extends TenantChangeCommand {
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
    return this.change(await this.parse(TenantSuspend), { kind: 'change', change: { suspended: true } }, 'suspended');
  }
}
