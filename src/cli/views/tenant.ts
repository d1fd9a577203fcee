import { plural } from '../../domain/plural.js';
import { renderPlan, table } from '../../ui/index.js';
import type { TenantChanged } from '../../workflows/tenant/change.js';
import type { TenantDeleted } from '../../workflows/tenant/delete.js';
import type { ListedTenant, QuotaLine, TenantState, TenantStatus } from '../../workflows/tenant/look.js';

/** What to say after a tenant was created or changed. */
export function changedText({ cluster, tenant, steps }: TenantChanged, done: string): string {
  if (steps.length === 0) return `No changes. ${tenant} is as asked for.`;
  return [`${tenant} is ${done}.`, `  slipway tenant status ${cluster} ${tenant}`].join('\n');
}

export const tenantPlanText = ({ steps }: TenantChanged): string => renderPlan(steps);

export function deletedTenantText({ tenant, removed, left }: TenantDeleted): string {
  return [
    `${tenant} is deleted.`,
    ...removed.map((line) => `  removed: ${line}`),
    ...(left.length === 0 ? ['  left outside: nothing'] : left.map((line) => `  left: ${line}`)),
  ].join('\n');
}

const stateTexts: Readonly<Record<TenantState, string>> = {
  ready: 'ready',
  missing: 'not made yet',
  differs: 'differs from its file',
  suspended: 'suspended',
  unlisted: 'not in the file',
};

const labels: Readonly<Record<string, string>> = {
  'requests.cpu': 'cores',
  'requests.memory': 'memory',
  'requests.storage': 'storage',
  persistentvolumeclaims: 'volumes',
  pods: 'pods',
};

const ofQuota = (quota: readonly QuotaLine[], name: string): string => {
  const line = quota.find((one) => one.name === name);
  return line ? `${line.used}/${line.hard}` : '';
};

export function tenantsText(cluster: string, tenants: readonly ListedTenant[], columns?: number): string {
  if (tenants.length === 0) return `${cluster} has no tenant. Make one: slipway tenant create ${cluster} NAME`;
  return table(
    ['NAME', 'CORES', 'MEMORY', 'STORAGE', 'PODS', 'DOMAINS', ''],
    tenants.map(({ name, quota, domains, state }) => [
      name,
      ofQuota(quota, 'requests.cpu'),
      ofQuota(quota, 'requests.memory'),
      ofQuota(quota, 'requests.storage'),
      ofQuota(quota, 'pods'),
      domains.join(', '),
      stateTexts[state],
    ]),
    { columns, leaveOut: ['DOMAINS', 'STORAGE', 'PODS'] },
  );
}

/** One tenant on one screen. */
export function tenantText(status: TenantStatus): string {
  const { name, cluster, state, quota, pods, problems, volumes, hosts, domains, differences } = status;
  return [
    `${name} of ${cluster}: ${stateTexts[state]}`,
    ...(quota.length === 0
      ? []
      : [
          `  quota    ${quota.map((line) => `${labels[line.name] ?? line.name} ${line.used}/${line.hard}`).join(', ')}`,
        ]),
    `  pods     ${pods.ready} of ${pods.count} ready`,
    `  volumes  ${volumes.length === 0 ? 'none' : volumes.map((one) => `${one.claim} ${one.size} ${one.phase}`).join(', ')}`,
    `  names    ${hosts.length === 0 ? 'none' : hosts.join(', ')}${domains.length === 0 ? '' : ` (may use ${domains.join(', ')})`}`,
    ...(problems.length === 0
      ? []
      : [`${plural(problems.length, 'problem')}:`, ...problems.map((line) => `  ${line}`)]),
    ...(differences.length === 0
      ? []
      : [`differs from the file (slipway cluster apply ${cluster}):`, ...differences.map((line) => `  ${line}`)]),
  ].join('\n');
}
