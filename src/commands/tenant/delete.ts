import { Flags } from '@oclif/core';

import { BaseCommand, yesFlag } from '../../cli/base-command.js';
import { clusterArg, clusterFlag, namedCluster } from '../../cli/cluster-args.js';
import { askedOf, tenantArg } from '../../cli/tenant-input.js';
import { tenantFileChange } from '../../cli/change-tenants.js';
import { deletedTenantText } from '../../cli/views/tenant.js';
import { deleteTenant, type TenantDeleted } from '../../workflows/tenant/delete.js';

export default class TenantDelete extends BaseCommand {
  static override summary = 'Delete a tenant and everything in it, after asking for its name.';
  static override description =
    'Its volumes go with it unless --keep-volumes is given. What is lost is listed before, and what is left outside the cluster after. There is no backup of it but the cluster’s own.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> demo globex',
    '<%= config.bin %> <%= command.id %> demo globex --yes --confirm globex',
    '<%= config.bin %> <%= command.id %> demo globex --keep-volumes',
  ];
  static override usage = '<%= command.id %> CLUSTER TENANT [--keep-volumes]';
  static override args = { cluster: clusterArg, tenant: tenantArg };
  static override flags = {
    cluster: clusterFlag,
    yes: yesFlag,
    confirm: Flags.string({ description: 'The tenant’s name once more, to confirm without a terminal.' }),
    'keep-volumes': Flags.boolean({ description: 'Leave its volumes, with their data, for somebody to look at.' }),
  };

  async run(): Promise<TenantDeleted> {
    const { argv, flags } = await this.parse(TenantDelete);
    const { cluster, names } = namedCluster(argv.map(String), flags, 'tenant delete', ['tenant']);
    const [tenant] = names;
    return this.withRuntime(flags, async (runtime) => {
      const { spec, file } = await askedOf(runtime, cluster);
      const isAsked = spec.tenants?.some(({ name }) => name === tenant) ?? false;
      const begin =
        file === undefined || !isAsked
          ? undefined
          : await tenantFileChange(runtime, file, { kind: 'remove', name: tenant });
      const deletion = { spec, tenant, keepVolumes: flags['keep-volumes'], begin };
      const result = await deleteTenant(runtime, deletion, this.commandLine());
      this.log(deletedTenantText(result));
      return result;
    });
  }
}
