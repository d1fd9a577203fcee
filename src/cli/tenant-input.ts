import { Args, Flags } from '@oclif/core';

import type { TenantChange, TenantEdit } from '../config/index.js';
import { withChangedTenant, withTenant } from '../domain/tenants.js';
import type { ClusterSpec } from '../domain/spec/schema.js';
import type { Runtime } from '../runtime/context.js';
import { changeTenant, type TenantChanged } from '../workflows/tenant/change.js';
import { yesFlag } from './base-command.js';
import { clusterFlag } from './cluster-args.js';
import { clusterInput } from './cluster-input.js';
import { tenantFileChange } from './change-tenants.js';

export const tenantArg = Args.string({ ignoreStdin: true, description: 'The tenant’s name.' });

/** What a tenant may have; what is left out stays as it is, or is the default of a new one. */
export const tenantFlags = {
  domain: Flags.string({
    multiple: true,
    description: 'A domain whose host names it may use; may be given several times, and replaces those it had.',
  }),
  cpu: Flags.string({ description: 'Cores that its pods may request: 2, 500m.' }),
  memory: Flags.string({ description: 'Memory that its pods may request: 4Gi.' }),
  storage: Flags.string({ description: 'Size of its volumes together: 20Gi.' }),
  volumes: Flags.integer({ description: 'How many volumes.', min: 0, max: 500 }),
  pods: Flags.integer({ description: 'How many pods.', min: 1, max: 2000 }),
};

export const changeFlags = {
  cluster: clusterFlag,
  'dry-run': Flags.boolean({ description: 'Show every step; change nothing.' }),
  yes: yesFlag,
};

export interface TenantFlags {
  readonly domain?: readonly string[] | undefined;
  readonly cpu?: string | undefined;
  readonly memory?: string | undefined;
  readonly storage?: string | undefined;
  readonly volumes?: number | undefined;
  readonly pods?: number | undefined;
}

export const changeOfFlags = ({ domain, ...quota }: TenantFlags): TenantChange => ({
  ...(domain === undefined ? {} : { domains: domain }),
  quota: { cpu: quota.cpu, memory: quota.memory, storage: quota.storage, volumes: quota.volumes, pods: quota.pods },
});

/** What a cluster is asked to be, and the file that says so. */
export const askedOf = (
  runtime: Runtime,
  cluster: string,
): Promise<{ readonly spec: ClusterSpec; readonly file?: string | undefined }> =>
  clusterInput(runtime, { name: cluster, file: undefined, describe: {} }, false);

/**
 * Changes one tenant of a cluster and makes it so. The file that describes it is changed before anything else is, so that a
 * run that is killed is finished by `cluster apply`, but only once nothing was refused or declined.
 */
export async function tenantChange(
  runtime: Runtime,
  cluster: string,
  edit: Exclude<TenantEdit, { kind: 'remove' }>,
  {
    operation,
    commandLine,
    dryRun,
  }: { readonly operation: string; readonly commandLine: string; readonly dryRun: boolean },
): Promise<TenantChanged> {
  const { spec, file } = await askedOf(runtime, cluster);
  const change = { ...edit.change, domains: edit.change.domains && [...edit.change.domains] } as Parameters<
    typeof withTenant
  >[2];
  const after = (edit.kind === 'add' ? withTenant : withChangedTenant)(spec, edit.name, change);
  const begin = file === undefined || dryRun ? undefined : await tenantFileChange(runtime, file, edit);
  return changeTenant(runtime, { spec: after, tenant: edit.name, begin, dryRun }, operation, commandLine);
}
