import {
  renderComponents,
  selectionOf,
  type Catalogue,
  type ProviderFacts,
  type Requests,
} from '../src/components/index.js';
import { clusterSchema } from '../src/config/cluster-schema.js';
import type { ClusterFile } from '../src/domain/spec/schema.js';

/** The cluster that the sums of the page are for: three nodes, all of them servers. */
const controlPlane = { count: 3 } as const;
const domains = ['acme.dev'];

/** What each provider tells components. */
export const providers: Readonly<Record<'hetzner' | 'linode', ProviderFacts>> = {
  hetzner: {
    name: 'hetzner',
    required: ['hcloud-cloud-controller-manager'],
    baseline: ['hcloud-csi'],
    serviceLoadBalancer: 'provider',
    storageClass: 'hcloud-volumes',
    values: { network: 'slipway-acme', location: 'fsn1' },
  },
  linode: {
    name: 'linode',
    required: ['ccm-linode'],
    baseline: ['linode-csi'],
    serviceLoadBalancer: 'provider',
    storageClass: 'linode-block-storage-retain',
    values: { location: 'de-fra-2' },
  },
};

/** What each component asks of three nodes, by its name; counted from what is rendered with as few options as it takes. */
export function exampleRequests(catalogue: Catalogue): ReadonlyMap<string, Requests> {
  const counted = new Map<string, Requests>();
  const { hetzner, linode } = providers;
  for (const provider of [hetzner, linode]) {
    const other = provider === hetzner ? linode : hetzner;
    const names = [...catalogue.components.keys()].filter(
      (name) => ![...other.required, ...other.baseline].includes(name),
    );
    const dns = { provider: provider.name };
    const components = {
      preset: 'none',
      ...Object.fromEntries(names.map((name) => [name, true])),
      'external-dns': { domains, dns },
      'cert-manager': { domains, dns },
    } as unknown as ClusterFile['components'];
    const spec = clusterSchema.parse({ name: 'acme', provider: { name: 'hetzner' }, controlPlane, components });
    const selection = selectionOf(catalogue, { components: spec.components, pools: spec.pools, provider });
    for (const { id: name, requests } of renderComponents(selection, {
      cluster: { name: 'acme', id: 'a1b2c3' },
      spec,
      provider,
    }))
      if (!counted.has(name)) counted.set(name, requests);
  }
  return counted;
}
