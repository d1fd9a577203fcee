import { unknownTenant, withoutTenant } from '../../domain/tenants.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Step } from '../../engine/index.js';
import { confirmed, type Change } from '../confirmed.js';
import { knownFolder } from '../cluster/known-cluster.js';
import type { WorkflowContext } from '../context.js';
import { execute } from '../run.js';
import { type TenantView, viewTenants } from './draft.js';
import { lossOf, planTenantRemoval, type TenantLoss } from './remove.js';

export interface TenantDeletion {
  /** What the cluster is asked to be, with the tenant where the file names it. */
  readonly spec: ClusterSpec;
  readonly tenant: string;
  readonly keepVolumes: boolean;
  /** Takes it out of its file; undefined where no file names it. */
  readonly begin: (() => Promise<() => Promise<void>>) | undefined;
}

export interface TenantDeleted {
  readonly cluster: string;
  readonly tenant: string;
  readonly removed: readonly string[];
  /** What was made for it outside the cluster, or stays. */
  readonly left: readonly string[];
}

interface DeletionDraft {
  readonly view: TenantView;
  readonly loss: TenantLoss;
  readonly steps: readonly Step[];
}

/**
 * Takes a tenant away with everything in its namespaces, after asking for its name.
 * @throws UsageError code UNKNOWN_TENANT; IncompleteError codes NAMESPACE_NOT_GONE, TENANT_VOLUMES_LEFT
 */
export async function deleteTenant(
  context: WorkflowContext,
  { spec, tenant, keepVolumes, begin }: TenantDeletion,
  retryCommand: string,
): Promise<TenantDeleted> {
  const folder = await knownFolder(context.workspace, spec.name);
  const isAsked = spec.tenants?.some(({ name }) => name === tenant) ?? false;
  const draft = async (looking: WorkflowContext): Promise<DeletionDraft> => {
    const view = await viewTenants(looking, spec);
    if (!isAsked && !view.present.includes(tenant))
      throw unknownTenant(spec.name, tenant, [...view.present, ...(spec.tenants ?? []).map(({ name }) => name)]);
    const loss = await lossOf(view.api.kube, tenant, view.seen.facts, keepVolumes, { signal: looking.signal });
    return { view, loss, steps: planTenantRemoval(view.api.kube, loss, view.seen.facts, { keepVolumes }) };
  };
  const operation = 'tenant delete';
  const change: Change<DeletionDraft> = {
    folder,
    operation,
    retryCommand,
    draft,
    confirmation: async ({ loss }) => ({
      question: `Delete the tenant ${tenant} of ${spec.name}?`,
      details: [...loss.lines, ...loss.left.map((line) => `left: ${line}`)],
      typed: tenant,
      flags: `--yes --confirm ${tenant}`,
    }),
  };
  return confirmed(context, change, async ({ view, loss, steps }, once, { admit }) => {
    // The file first, so that `cluster apply` makes nothing anew that is half gone; what is left is known by its inventory.
    const takeBack = await begin?.();
    try {
      const after = withoutTenant({ ...view.record.spec, tenants: spec.tenants }, tenant);
      await folder.saveRecord({ ...view.record, spec: after });
    } catch (error) {
      await takeBack?.();
      throw error;
    }
    if (steps.length > 0) await execute(once, folder, operation, steps, retryCommand, admit);
    return { cluster: spec.name, tenant, removed: loss.lines, left: loss.left };
  });
}
