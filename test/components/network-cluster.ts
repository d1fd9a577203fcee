import { parse, stringify } from 'yaml';

import { kubernetesIntegration } from '../../providers/hetzner/kubernetes-integration.js';
import {
  readCatalogue,
  renderComponents,
  selectComponents,
  type Catalogue,
  type ProviderFacts,
  type RenderedComponent,
  type Selection,
} from '../../src/components/index.js';
import { parseCluster } from '../../src/config/index.js';
import { Secret } from '../../src/domain/secret.js';
import { providers } from './support.js';

/** What no output may ever hold. */
export const providerToken = 'hcloud-token-that-nobody-may-see';

const hetznerIntegration = kubernetesIntegration(new Secret(providerToken));

export const hetzner: ProviderFacts = {
  name: 'hetzner',
  required: hetznerIntegration.required,
  baseline: hetznerIntegration.baseline,
  serviceLoadBalancer: hetznerIntegration.serviceLoadBalancer,
  storageClass: hetznerIntegration.storageClass,
  values: hetznerIntegration.templateValues({ name: 'acme', id: 'k3x9' }, { locations: ['fsn1', 'hel1'] }),
};

export const { linode, ssh: bare } = providers;

const catalogues = new Map<string, Promise<Catalogue>>();

/** Read once: folders do not change while tests run. */
function catalogueOf(folders: readonly string[]): Promise<Catalogue> {
  const key = folders.join('\n');
  const known = catalogues.get(key) ?? readCatalogue(folders);
  catalogues.set(key, known);
  return known;
}

/** Any value of rendered YAML; tests know its shape. */
export type Values = Readonly<Record<string, unknown>>;

export interface Rendered {
  readonly selection: Selection;
  readonly problems: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
  readonly components: readonly RenderedComponent[];
  /** Order in which components are applied. */
  readonly order: readonly string[];
  readonly component: (name: string) => RenderedComponent;
  /** Values of its chart. */
  readonly values: (name: string) => Values;
  /** An own object of a component. */
  readonly object: (component: string, kind: string, name: string) => Values;
}

interface Asked {
  readonly provider?: ProviderFacts;
  readonly folders?: readonly string[];
  /** Further keys of the cluster file. */
  readonly file?: Values;
}

/** What a cluster file with these components puts into a cluster. */
export async function rendered(components: Values, { provider = hetzner, folders = [], file = {} }: Asked = {}) {
  const text = stringify({
    apiVersion: 'slipway.dev/v1',
    kind: 'Cluster',
    name: 'acme',
    provider: { name: 'hetzner' },
    kubernetes: { version: 'v1.36.5+k3s1' },
    controlPlane: { count: 3 },
    pools: [{ name: 'web', count: 3 }],
    ...file,
    components,
  });
  const spec = parseCluster(text, 'cluster.yaml');
  const catalogue = await catalogueOf(folders);
  const { selection, problems } = selectComponents(catalogue, {
    components: spec.components,
    pools: spec.pools,
    provider,
  });
  const out =
    problems.length > 0 ? [] : renderComponents(selection, { cluster: { name: 'acme', id: 'k3x9' }, spec, provider });
  const component = (name: string): RenderedComponent => {
    const found = out.find((one) => one.id === name);
    if (!found) throw new Error(`${name} is not on: ${problems.map(({ message }) => message).join('; ')}`);
    return found;
  };
  const result: Rendered = {
    selection,
    problems,
    components: out,
    order: out.map(({ id }) => id),
    component,
    values: (name) => {
      const { valuesContent } = component(name).chart?.['spec'] as { valuesContent: string };
      return parse(valuesContent) as Values;
    },
    object: (owner, kind, name) => {
      const found = component(owner).objects.find((one) => one.kind === kind && one.metadata.name === name);
      if (!found) throw new Error(`${owner} has no ${kind} ${name}`);
      return found;
    },
  };
  return result;
}

/** What is at a path: `at(values, 'ports.web.hostPort')`; a dot in a key is written `\.`. */
export function at(value: unknown, path: string): unknown {
  return path
    .split(/(?<!\\)\./)
    .map((key) => key.replaceAll('\\.', '.'))
    .reduce<unknown>(
      (here, key) => (typeof here === 'object' && here !== null ? (here as Values)[key] : undefined),
      value,
    );
}

/** Every map in a value, itself included. */
export function maps(value: unknown): Values[] {
  if (Array.isArray(value)) return value.flatMap(maps);
  if (typeof value !== 'object' || value === null) return [];
  return [value as Values, ...Object.values(value).flatMap(maps)];
}
