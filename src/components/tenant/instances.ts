import { join } from 'node:path';

import { overlap, parseRange, within } from '../../domain/spec/ranges.js';
import type { ClusterSpec } from '../../domain/spec/schema.js';
import { linkLocal, platformOf, type TenantSpec } from '../../domain/spec/tenants.js';
import { folderWith } from '../../package-files/index.js';
import { readCatalogue } from '../catalogue.js';
import { instanceOf } from '../instance.js';
import type { Catalogue, Owner, ProviderFacts, SelectedComponent } from '../types.js';
import { tenancy } from './names.js';
import { containerOf, quotaOf } from './quota.js';

/** Definitions that tenants have instances of, from source or from a build. */
const tenantDefinitions = (): string =>
  join(folderWith(import.meta.url, 'templates/tenant/boundary/component.yaml'), 'templates', 'tenant');

let tenantCatalogue: Promise<Catalogue> | undefined;

/** They stay as they are while the program runs. @throws UsageError codes BAD_COMPONENT, BAD_TEMPLATE */
export const readTenantCatalogue = (): Promise<Catalogue> =>
  (tenantCatalogue ??= readCatalogue([], tenantDefinitions(), { shownIn: 'templates/tenant' }));

export const tenantOwner = (name: string): Owner => ({ kind: 'tenant', name });

/** k3s brings it, whatever the provider has. */
const usualClass = 'local-path';

/**
 * All that one tenant has: its boundary. Pure.
 * @param catalogue as `readTenantCatalogue` reads it
 */
export function tenantInstances(
  catalogue: Catalogue,
  tenant: TenantSpec,
  spec: Pick<ClusterSpec, 'network'>,
  provider: Pick<ProviderFacts, 'storageClass'>,
): readonly SelectedComponent[] {
  const definition = catalogue.components.get('boundary')!;
  const known = [...new Set([provider.storageClass ?? usualClass, usualClass])];
  const classes = tenant.storageClasses ?? known.slice(0, 1);
  const options = {
    tenant: tenant.name,
    domains: tenant.domains,
    ingressClasses: ['traefik'],
    storageClasses: classes,
    quota: quotaOf(tenant, { classes, others: known.filter((name) => !classes.includes(name)) }),
    container: containerOf(tenant),
    egress: tenant.egress.map(({ to, ports }) => ({ to, ports, except: cutOut(to, spec.network) })),
    suspended: tenant.suspended,
  };
  return [
    {
      ...instanceOf(definition, tenantOwner(tenant.name), { namespace: platformOf(tenant.name), options }),
      because: `tenant ${tenant.name}`,
      version: undefined,
      pool: undefined,
      storage: { class: classes[0], size: undefined },
      values: {},
      secrets: {},
      waitsFor: [tenancy],
    },
  ];
}

/** The cluster's own networks inside a range that contains them: an address of a pod or a node is nobody's outside. */
export function cutOut(range: string, network: ClusterSpec['network']): readonly string[] {
  const asked = parseRange(range);
  if (!asked) return [];
  const inside = [network.range, network.pods, network.services, linkLocal].filter((text) => {
    const own = parseRange(text);
    return own !== undefined && overlap(asked, own) && within(own, asked) && own.prefix > asked.prefix;
  });
  return [...new Set(inside)].sort();
}
