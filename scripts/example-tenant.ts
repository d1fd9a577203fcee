import { readCatalogue, renderComponents, selectionOf } from '../src/components/index.js';
import { readTenantCatalogue, tenantInstances } from '../src/components/tenant/instances.js';
import { clusterSchema } from '../src/config/cluster-schema.js';
import { tenantSchema } from '../src/domain/spec/tenants.js';
import type { KubeObject } from '../src/kube/types.js';
import { providers } from './example-requests.js';

/** All that a tenant with a host name and a way outside has, beside the cluster's own components. */
export async function exampleTenant(): Promise<readonly KubeObject[]> {
  const provider = providers.hetzner;
  const spec = clusterSchema.parse({
    name: 'acme',
    provider: { name: 'hetzner' },
    components: { preset: 'none', traefik: true },
  });
  const { components, pools } = spec;
  const selection = selectionOf(await readCatalogue(), { components, pools, provider, hasTenants: true });
  const tenant = tenantSchema.parse({ name: 'globex', domains: ['globex.example.com'], egress: [{ to: '0.0.0.0/0' }] });
  const on = [...selection.on, ...tenantInstances(await readTenantCatalogue(), tenant, spec, provider)];
  const rendered = renderComponents({ ...selection, on }, { cluster: { name: 'acme', id: 'a1b2c3' }, spec, provider });
  return rendered
    .filter(({ owner }) => owner.kind === 'tenant')
    .flatMap(({ before, objects }) => [...before, ...objects]);
}
