import type { TenantEdit } from '../config/index.js';
import type { TenantChanged } from '../workflows/tenant/change.js';
import { BaseCommand, type RunFlags } from './base-command.js';
import { namedCluster } from './cluster-args.js';
import { tenantChange } from './tenant-input.js';
import { changedText, tenantPlanText } from './views/tenant.js';

type Edit = Exclude<TenantEdit, { kind: 'remove' }>;

interface Parsed {
  readonly argv: readonly unknown[];
  readonly flags: RunFlags & { readonly cluster?: string | undefined; readonly 'dry-run': boolean };
}

/** A command that changes one tenant, or shows what it would change. */
export abstract class TenantChangeCommand extends BaseCommand {
  /** @param outcome what the tenant is then: `suspended` */
  protected async change(
    { argv, flags }: Parsed,
    { kind, change }: Pick<Edit, 'kind' | 'change'>,
    outcome: string,
  ): Promise<TenantChanged> {
    const operation = this.id!.replaceAll(':', ' ');
    const { cluster, names } = namedCluster(argv.map(String), flags, operation, ['tenant']);
    return this.withRuntime(flags, async (runtime) => {
      const how = { operation, commandLine: this.commandLine(), dryRun: flags['dry-run'] };
      const result = await tenantChange(runtime, cluster, { kind, name: names[0], change }, how);
      this.log(flags['dry-run'] ? tenantPlanText(result) : changedText(result, outcome));
      return result;
    });
  }
}
