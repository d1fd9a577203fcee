import { overused } from '../../components/tenant/quota.js';
import { tenantLabel } from '../../components/tenant/names.js';
import type { ComponentFacts } from '../../components/apply/facts.js';
import { foreignObjects } from '../../components/apply/foreign.js';
import { refKey } from '../../components/apply/objects.js';
import type { ProviderFacts, RenderedComponent, SelectedComponent } from '../../components/types.js';
import { plural } from '../../domain/index.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { platformOf, type TenantSpec } from '../../domain/spec/tenants.js';
import { RefusedError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';

/** All that one tenant shall have, as values. */
export interface RenderedTenant {
  readonly owner: { readonly kind: 'tenant'; readonly name: string };
  readonly rendered: readonly RenderedComponent[];
}

/** Instances of all tenants that a file names. Their definitions are read only where there are any. */
export async function instancesOfTenants(
  tenants: readonly TenantSpec[],
  spec: ClusterSpec,
  provider: ProviderFacts,
): Promise<readonly SelectedComponent[]> {
  if (tenants.length === 0) return [];
  const { readTenantCatalogue, tenantInstances } = await import('../../components/tenant/instances.js');
  const catalogue = await readTenantCatalogue();
  return tenants.flatMap((tenant) => tenantInstances(catalogue, tenant, spec, provider));
}

/** What was rendered for the cluster itself, and for each of its tenants. */
export function byOwner(all: readonly RenderedComponent[]): {
  readonly rendered: readonly RenderedComponent[];
  readonly tenants: readonly RenderedTenant[];
} {
  const tenants = new Map<string, RenderedComponent[]>();
  for (const one of all) {
    if (one.owner.kind === 'cluster') continue;
    const { name } = one.owner;
    tenants.set(name, [...(tenants.get(name) ?? []), one]);
  }
  return {
    rendered: all.filter(({ owner }) => owner.kind === 'cluster'),
    tenants: [...tenants].map(([name, rendered]) => ({ owner: { kind: 'tenant', name }, rendered })),
  };
}

/** Names of the tenants that a cluster has something of. */
export const tenantsIn = ({ inventories }: Pick<ComponentFacts, 'inventories'>): readonly string[] => [
  ...new Set([...inventories.values()].flatMap(({ owner }) => (owner.kind === 'tenant' ? [owner.name] : []))),
];

/**
 * Everything for which tenants are refused before the first change.
 * @param reserved namespaces of components, on or off
 * @throws RefusedError codes TENANT_NAME_TAKEN, TENANT_QUOTA_USED, FOREIGN_OBJECTS
 */
export async function refuseTenants(
  kube: Kube,
  tenants: readonly RenderedTenant[],
  facts: ComponentFacts,
  reserved: ReadonlySet<string>,
  options: KubeOptions,
): Promise<void> {
  refuseTakenNames(tenants, facts, reserved);
  refuseSmallQuotas(tenants, facts);
  const rendered = tenants.flatMap((one) => one.rendered);
  const foreign = await foreignObjects(kube, rendered, [], facts, options);
  if (foreign.length === 0) return;
  throw new RefusedError(
    `${plural(foreign.length, 'object')} in tenants’ namespaces ${foreign.length === 1 ? 'is' : 'are'} not Slipway’s, under names that it needs; nothing was changed.`,
    {
      code: 'FOREIGN_OBJECTS',
      details: foreign.map(({ component, text }) => `${component}: ${text}`),
      hint: 'Remove or rename what is named, then run the same command again.',
    },
  );
}

function refuseTakenNames(
  tenants: readonly RenderedTenant[],
  { namespaces }: ComponentFacts,
  reserved: ReadonlySet<string>,
): void {
  const taken = tenants.flatMap(({ owner: { name } }) => {
    if (reserved.has(name)) return [`${name}: a component has a namespace of that name`];
    return [name, platformOf(name)].flatMap((namespace) => {
      const live = namespaces.get(namespace);
      if (live === undefined || live.metadata.labels?.[tenantLabel] === name || isOurs(live)) return [];
      return [`${name}: the cluster has a namespace ${namespace} already, which is not this tenant’s`];
    });
  });
  if (taken.length === 0) return;
  throw new RefusedError(
    `${plural(taken.length, 'tenant')} cannot have the name that is asked for; nothing was changed.`,
    {
      code: 'TENANT_NAME_TAKEN',
      details: taken,
      hint: 'Give it another name, or delete that namespace if nothing in it is needed.',
    },
  );
}

/** One whose label somebody took away: it was made for the tenant, and gets its label back. */
const isOurs = ({ metadata }: KubeObject): boolean =>
  metadata.annotations?.['slipway.dev/made-for']?.startsWith(`${metadata.name.replace(/-platform$/, '')}.`) === true;

/** A quota below what is used would stop whatever has to start next. */
function refuseSmallQuotas(tenants: readonly RenderedTenant[], { objects }: ComponentFacts): void {
  const lines = tenants.flatMap(({ owner, rendered }) =>
    rendered
      .flatMap(({ before }) => before)
      .filter(({ kind }) => kind === 'ResourceQuota')
      .flatMap((quota) => {
        const live = objects.get(refKey(quota));
        const used = (live?.['status'] as { used?: Readonly<Record<string, string>> } | undefined)?.used ?? {};
        const hard = hardOf(quota);
        const before = live ? hardOf(live) : {};
        const lowered = Object.fromEntries(Object.entries(hard).filter(([name, limit]) => before[name] !== limit));
        return overused(lowered, used).map((line) => `${owner.name}: ${line}`);
      }),
  );
  if (lines.length === 0) return;
  throw new RefusedError('A tenant uses more than the quota that is asked for; nothing was changed.', {
    code: 'TENANT_QUOTA_USED',
    details: lines,
    hint: 'Ask for as much as is used, or have the tenant use less first: slipway tenant status',
  });
}

const hardOf = (quota: KubeObject): Readonly<Record<string, string>> =>
  (quota['spec'] as { readonly hard?: Readonly<Record<string, string>> } | undefined)?.hard ?? {};
