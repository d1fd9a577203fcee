import type { ClusterSpec } from '../../domain/spec/schema.js';
import type { Step } from '../../engine/index.js';
import type { StepInfo } from '../../reporting/index.js';
import { confirmed, type Change } from '../confirmed.js';
import { knownFolder } from '../cluster/known-cluster.js';
import type { WorkflowContext } from '../context.js';
import { execute, stepInfo } from '../run.js';
import { tenantSteps, type TenantView, viewTenants } from './draft.js';

export interface TenantChangeInput {
  /** What the cluster is asked to be, with the tenant as it shall be. */
  readonly spec: ClusterSpec;
  readonly tenant: string;
  /** Called before the first change, once nothing was refused or declined; answers with how to take back what it did. */
  readonly begin?: (() => Promise<() => Promise<void>>) | undefined;
  readonly dryRun: boolean;
}

export interface TenantChanged {
  readonly cluster: string;
  readonly tenant: string;
  /** What was done, or with `dryRun` would be. */
  readonly steps: readonly StepInfo[];
}

interface TenantDraft {
  readonly view: TenantView;
  readonly steps: readonly Step[];
}

/**
 * Makes one tenant what it is asked to be: created, changed, suspended or resumed. What asks for it is kept first, so that
 * a run that is killed is finished by `cluster apply`.
 * @throws as `tenantSteps`
 */
export async function changeTenant(
  context: WorkflowContext,
  { spec, tenant, begin, dryRun }: TenantChangeInput,
  operation: string,
  retryCommand: string,
): Promise<TenantChanged> {
  const draft = async (looking: WorkflowContext): Promise<TenantDraft> => {
    const view = await viewTenants(looking, spec);
    return { view, steps: await tenantSteps(looking, view, tenant) };
  };
  const result = (steps: readonly Step[]): TenantChanged => ({
    cluster: spec.name,
    tenant,
    steps: steps.map(stepInfo),
  });
  if (dryRun) return result((await draft(context)).steps);
  const folder = await knownFolder(context.workspace, spec.name);
  const change: Change<TenantDraft> = {
    folder,
    operation,
    retryCommand,
    draft,
    confirmation: async ({ steps }) => {
      const details = steps.flatMap((step) => step.details ?? []);
      const takes = details.some((line) => line.startsWith('- '));
      return steps.length === 0
        ? undefined
        : { question: `Change ${tenant} of ${spec.name}?`, details, flags: '--yes', harmless: !takes };
    },
  };
  return confirmed(context, change, async ({ view, steps }, once, { admit }) => {
    const takeBack = await begin?.();
    try {
      await folder.saveRecord({ ...view.record, spec: { ...view.record.spec, tenants: spec.tenants } });
    } catch (error) {
      await takeBack?.();
      throw error;
    }
    if (steps.length > 0) await execute(once, folder, operation, steps, retryCommand, admit);
    return result(steps);
  });
}
