import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { applyComponent } from '../../../src/components/apply/apply.js';
import { observeComponents } from '../../../src/components/apply/facts.js';
import { foreignObjects } from '../../../src/components/apply/foreign.js';
import { instanceStatuses } from '../../../src/components/apply/status.js';
import { instanceOf, ownedByCluster } from '../../../src/components/instance.js';
import { readCatalogue, renderComponents, resolveSecrets, selectionOf } from '../../../src/components/index.js';
import type { Owner, RenderedComponent, ResolvedSecret, Selection } from '../../../src/components/types.js';
import { systemClock } from '../../../src/domain/clock.js';
import { Secret } from '../../../src/domain/secret.js';
import { known, limits, runSteps } from '../../../src/engine/index.js';
import { planComponents } from '../../../src/phases/components.js';
import { clusterSpec, providers, renderInput } from '../support.js';
import { type Bench, bench, map, traefik } from './support.js';

let at: Bench;
beforeEach(async () => {
  at = await bench();
  at.cluster.put({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'rancher.io/local-path',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
});
afterEach(() => at.cluster.close());

const globex: Owner = { kind: 'tenant', name: 'globex' };

interface Desired {
  readonly owner: Owner;
  readonly rendered: readonly RenderedComponent[];
  readonly secrets: readonly ResolvedSecret[];
}

/** NATS, once for the cluster and once for a tenant. */
async function nats(): Promise<Readonly<Record<'cluster' | 'tenant', Desired>>> {
  const cluster = selectionOf(await readCatalogue(), {
    components: clusterSpec({ components: { preset: 'none', nats: true } as never }).components,
    pools: [],
    provider: providers.ssh,
  });
  const tenant: Selection = {
    ...cluster,
    on: cluster.on.map((one) => ({
      ...one,
      ...instanceOf(one.definition, globex, { namespace: 'globex-platform', options: one.options }),
    })),
  };
  const input = renderInput({ controlPlane: { count: 1 } }, providers.ssh);
  const readers = {
    provider: () => undefined,
    environment: () => undefined,
    file: () => Promise.resolve(undefined),
    draw: (length: number) => new Secret('x'.repeat(length)),
  };
  const desired = async (owner: Owner, selection: Selection): Promise<Desired> => ({
    owner,
    rendered: renderComponents(selection, input),
    secrets: await resolveSecrets(selection, input, readers),
  });
  return { cluster: await desired(ownedByCluster, cluster), tenant: await desired(globex, tenant) };
}

/** Plans for one owner, runs that, and answers with the steps. */
async function reconcile(desired: Desired): Promise<string[]> {
  const steps = planComponents({
    cluster: 'demo',
    desired: desired,
    facts: await observeComponents(at.kube, desired.rendered, at.run),
    api: known({ kube: at.kube, watch: undefined as never }),
    clock: systemClock,
    archives: at.tools.archives,
    warn: (text) => void at.warnings.push(text),
  });
  const { signal } = at.run;
  const result = await runSteps(steps, { reporter: { emit: () => {} }, clock: systemClock, signal, limits });
  expect(result.failures).toEqual([]);
  return steps.map(({ id }) => id);
}

const statuses = async ({ owner, rendered }: Desired) =>
  (await instanceStatuses(at.kube, owner, rendered, await observeComponents(at.kube, rendered, at.run), at.run)).map(
    ({ name, health }) => `${name} ${health}`,
  );
const exists = async (kind: string, namespace: string, name: string, apiVersion = 'v1'): Promise<boolean> =>
  (await at.kube.get({ apiVersion, kind, metadata: { namespace, name } }, at.run)) !== undefined;
const running = async (): Promise<boolean[]> =>
  Promise.all(['nats', 'globex-platform'].map((namespace) => exists('StatefulSet', namespace, 'nats', 'apps/v1')));

const secret: ResolvedSecret = {
  component: 'traefik',
  namespace: 'traefik',
  name: 'dns',
  data: { token: new Secret('hunter22') },
  drawn: [],
  origins: {},
};

describe('two instances of one definition, the cluster’s and a tenant’s', () => {
  it('are applied, listed and removed apart', async () => {
    const { cluster, tenant } = await nats();
    expect(await reconcile(cluster)).toEqual(['component:nats']);
    expect(await reconcile(tenant)).toEqual(['component:globex.nats']);
    expect(await running()).toEqual([true, true]);
    expect(await exists('Secret', 'globex-platform', 'nats-auth')).toBe(true);
    expect(await exists('ConfigMap', 'kube-system', 'slipway-inventory-globex.nats')).toBe(true);

    expect(await statuses(cluster)).toEqual(['nats healthy']);
    expect(await statuses(tenant)).toEqual(['globex.nats healthy']);
    // Neither plan sees the other's instance as something to change or to take away.
    expect(await reconcile(cluster)).toEqual([]);
    expect(await reconcile(tenant)).toEqual([]);

    expect(await reconcile({ ...cluster, rendered: [], secrets: [] })).toEqual(['remove-component:nats']);
    expect(await running()).toEqual([false, true]);
    expect(await statuses(tenant)).toEqual(['globex.nats healthy']);

    expect(await reconcile({ ...tenant, rendered: [], secrets: [] })).toEqual(['remove-component:globex.nats']);
    expect(await running()).toEqual([false, false]);
    expect((await observeComponents(at.kube, [], at.run)).inventories.size).toBe(0);
  });

  it('a tenant’s instance is refused what the cluster’s has, before anything is changed', async () => {
    await applyComponent(at.tools, traefik(), [secret], at.run);
    const theirs = traefik({ id: 'globex.traefik', owner: globex, objects: [map('extra')] });
    const facts = await observeComponents(at.kube, [theirs], at.run);
    const found = await foreignObjects(at.kube, [theirs], [{ ...secret, component: theirs.id }], facts, at.run);
    expect(found.map(({ text }) => text)).toEqual([
      'ConfigMap traefik/extra, of traefik',
      'HelmChart kube-system/traefik, of traefik',
      'Secret traefik/dns, of traefik',
    ]);
  });
});

describe('a cluster that an earlier Slipway set up', () => {
  /** As version 0.1.0 wrote it when inventories went by the name of the component. */
  const before = String.raw`{"component":"traefik","title":"Traefik","namespace":"traefik","waitsFor":["cert-manager"],"version":"41.3.0","release":"traefik","lastGood":{"chart":"traefik","repo":"https://traefik.github.io/charts","version":"41.3.0","targetNamespace":"traefik","valuesContent":"deployment: {replicas: 1}\nservice: {spec: {type: ClusterIP}}\n","backOffLimit":2,"failurePolicy":"abort","timeout":"5m0s"},"items":[{"apiVersion":"v1","kind":"ConfigMap","namespace":"traefik","name":"extra","hash":"fc22098cb371e936955b62346852d0a1"}],"secrets":[{"namespace":"traefik","name":"dns"}],"healthy":"ed4a5782b9df3ebd7ea7d0c0d377e610"}`;
  const desired: Desired = {
    owner: ownedByCluster,
    rendered: [traefik({ waitsFor: ['cert-manager'] })],
    secrets: [secret],
  };

  it('finds its inventory, label and step names as they were, and nothing to change', async () => {
    expect(await reconcile(desired)).toEqual(['component:traefik']);
    const ref = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'slipway-inventory-traefik', namespace: 'kube-system' },
    };
    const written = await at.kube.get(ref, at.run);
    expect(written?.['data']).toEqual({ inventory: before });
    expect(written?.metadata.labels).toEqual({
      'slipway.dev/inventory': 'component',
      'slipway.dev/component': 'traefik',
    });
    expect(await reconcile(desired)).toEqual([]);
    at.cluster.requests.length = 0;
    await applyComponent(at.tools, desired.rendered[0]!, desired.secrets, at.run);
    expect(
      at.cluster.requests.filter((request) => request.includes('slipway-inventory') && !request.startsWith('GET')),
    ).toEqual([]);
    expect((await at.kube.get(ref, at.run))?.metadata['resourceVersion']).toBe(written?.metadata['resourceVersion']);
    expect(await reconcile({ ...desired, rendered: [], secrets: [] })).toEqual(['remove-component:traefik']);
  });
});
