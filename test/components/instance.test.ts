import { beforeAll, describe, expect, it } from 'vitest';

import { readCatalogue, renderComponents, secretNeeds, selectionOf } from '../../src/components/index.js';
import { instanceOf, ownedByCluster } from '../../src/components/instance.js';
import type { Catalogue, Component, Owner, SelectedComponent, Selection } from '../../src/components/types.js';
import { clusterSpec, providers, renderInput } from './support.js';

let catalogue: Catalogue;
beforeAll(async () => {
  catalogue = await readCatalogue();
});
const definition = (name: string): Component => catalogue.components.get(name)!;
const globex: Owner = { kind: 'tenant', name: 'globex' };

const of = (name: string, owner: Owner, namespace: string) =>
  instanceOf(definition(name), owner, { namespace, options: {} });

/** The cluster’s NATS and Loki, and one of each for a tenant. */
function selection(): Selection {
  const own = selectionOf(catalogue, {
    components: clusterSpec({ components: { preset: 'none', nats: true, loki: true } as never }).components,
    pools: [],
    provider: providers.ssh,
  });
  const tenants = own.on.map((one): SelectedComponent => ({
    ...one,
    ...instanceOf(one.definition, globex, { namespace: 'globex-platform', options: one.options }),
  }));
  return { ...own, on: [...own.on, ...tenants] };
}
const rendered = () => renderComponents(selection(), renderInput({}, providers.ssh));
const one = (id: string) => rendered().find((component) => component.id === id)!;

describe('an instance', () => {
  it('of the cluster is called like its definition, and so is its release', () => {
    expect(of('nats', ownedByCluster, 'nats')).toMatchObject({ id: 'nats', release: 'nats' });
  });

  it('of a tenant has the tenant in its name, in a form that no definition has', () => {
    const { id, release } = of('nats', globex, 'globex-platform');
    expect({ id, release }).toEqual({ id: 'globex.nats', release: 'globex-nats' });
    expect([...catalogue.components.keys()].filter((name) => name.includes('.'))).toEqual([]);
  });

  it('of a tenant with a long name is still fit for labels and for helm, and one of its kind', () => {
    const [a, b] = ['a', 'b'].map((end) =>
      of('hcloud-cloud-controller-manager', { kind: 'tenant', name: `${'x'.repeat(60)}${end}` }, 'x'),
    );
    for (const { id, release } of [a!, b!]) {
      expect(id.length).toBeLessThanOrEqual(63);
      expect(release.length).toBeLessThanOrEqual(53);
    }
    expect(a!.id).not.toBe(b!.id);
    expect(a!.release).not.toBe(b!.release);
  });
});

describe('two instances of one definition', () => {
  it('are rendered into namespaces and releases of their own', () => {
    expect(one('globex.nats')).toMatchObject({
      definition: 'nats',
      namespace: 'globex-platform',
      chart: { metadata: { name: 'globex-nats' }, spec: { targetNamespace: 'globex-platform' } },
      health: [{ kind: 'StatefulSet', name: 'nats', namespace: 'globex-platform' }],
    });
    expect(one('nats')).toMatchObject({
      namespace: 'nats',
      chart: { metadata: { name: 'nats' }, spec: { targetNamespace: 'nats' } },
      health: [{ namespace: 'nats' }],
    });
  });

  it('have no object in common', () => {
    const keys = (id: string): string[] => {
      const { before, chart, objects } = one(id);
      return [...before, ...(chart ? [chart] : []), ...objects].map(
        ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`,
      );
    };
    const ours = new Set(keys('nats'));
    expect(keys('globex.nats').filter((key) => ours.has(key))).toEqual([]);
  });

  it('ask for their Secrets in their own namespaces, a tenant’s never from the cluster’s variable', () => {
    const needs = secretNeeds(selection()).filter(({ name }) => name === 'nats-auth');
    expect(needs.map(({ component, namespace, source }) => ({ component, namespace, source }))).toEqual([
      { component: 'nats', namespace: 'nats', source: { env: 'NATS_PASSWORD' } },
      { component: 'globex.nats', namespace: 'globex-platform', source: { env: 'GLOBEX_NATS_PASSWORD' } },
    ]);
  });

  it('leave the cluster’s own as it is rendered alone', () => {
    const alone = renderComponents(
      { ...selection(), on: selection().on.filter(({ owner }) => owner.kind === 'cluster') },
      renderInput({}, providers.ssh),
    );
    expect(rendered().filter(({ owner }) => owner.kind === 'cluster')).toEqual(alone);
  });
});
