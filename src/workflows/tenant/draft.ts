import type { ComponentFacts } from '../../components/apply/facts.js';
import { ownedByCluster } from '../../components/instance.js';
import { tenancy } from '../../components/tenant/names.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { known, type Step } from '../../engine/index.js';
import { planComponents } from '../../phases/components.js';
import type { ClusterApi } from '../../phases/context.js';
import { planTenants } from '../../phases/tenants.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { componentPlanInput, type LookedAt, lookAtComponents } from '../component/planned.js';
import { reachable } from '../component/status.js';
import { progress, type WorkflowContext } from '../context.js';
import { refuseTenants, tenantsIn } from './state.js';

/** A cluster that answers, and what it has of its tenants. */
export interface TenantView {
  readonly folder: ClusterFolder;
  readonly record: ClusterRecord;
  readonly api: ClusterApi;
  readonly seen: LookedAt;
  /** Names of tenants that the cluster has something of, whether or not they are asked for. */
  readonly present: readonly string[];
}

/**
 * @param spec what the cluster is asked to be
 * @throws UsageError code UNKNOWN_CLUSTER; IncompleteError codes NO_KUBECONFIG, KUBE_UNREACHABLE
 */
export async function viewTenants(context: WorkflowContext, spec: ClusterSpec): Promise<TenantView> {
  const { folder, record } = await knownCluster(context.workspace, spec.name);
  const provider = await context.provider(record.spec.provider);
  progress(context, `looking at the tenants of ${spec.name}`);
  const api = await reachable(context, spec.name, await folder.kubeconfig());
  const seen = await lookAtComponents(context, provider, record, spec, api);
  return { folder, record, api, seen, present: tenantsIn(seen.facts) };
}

/**
 * What makes one tenant as it is asked to be, and nothing else of the cluster.
 * @throws RefusedError codes TENANT_NAME_TAKEN, TENANT_QUOTA_USED, FOREIGN_OBJECTS
 */
export async function tenantSteps(
  context: WorkflowContext,
  { record, api, seen }: TenantView,
  name: string,
): Promise<readonly Step[]> {
  const { facts, namespaces } = seen;
  const tenants = seen.tenants.filter(({ owner }) => owner.name === name);
  await refuseTenants(api.kube, tenants, facts, namespaces, { signal: context.signal });
  const rendered = seen.rendered.filter(({ id }) => id === tenancy);
  const state = { rendered, tenants, secrets: [], facts };
  const input = { ...(await componentPlanInput(context, record, state)), api: known(api) };
  const desired = { owner: ownedByCluster, rendered, secrets: [] };
  const cluster = planComponents({ ...input, desired, facts: only(facts, tenancy) });
  return [...cluster, ...planTenants(input.tenants, input, cluster)];
}

/** As if the cluster had nothing but one of its components. */
const only = (facts: ComponentFacts, id: string): ComponentFacts => ({
  ...facts,
  inventories: new Map([...facts.inventories].filter(([one]) => one === id)),
});
