import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { observeComponents } from '../../../src/components/apply/facts.js';
import { readCatalogue, renderComponents, selectionOf } from '../../../src/components/index.js';
import { ownedByCluster } from '../../../src/components/instance.js';
import { readTenantCatalogue, tenantInstances } from '../../../src/components/tenant/instances.js';
import type { RenderedComponent } from '../../../src/components/types.js';
import { systemClock } from '../../../src/domain/clock.js';
import { tenantSchema, type TenantInput } from '../../../src/domain/spec/tenants.js';
import { known, limits, runSteps, type Step } from '../../../src/engine/index.js';
import { planComponents } from '../../../src/phases/components.js';
import { planTenants } from '../../../src/phases/tenants.js';
import { byOwner, refuseTenants, tenantsIn } from '../../../src/workflows/tenant/state.js';
import { clusterSpec, providers, renderInput } from '../support.js';
import { type Bench, bench } from './support.js';

let at: Bench;
beforeEach(async () => {
  at = await bench();
});
afterEach(() => at.cluster.close());

async function rendered(tenants: readonly TenantInput[]): Promise<readonly RenderedComponent[]> {
  const spec = clusterSpec({ components: { preset: 'none' } as never });
  const provider = providers.ssh;
  const catalogue = await readCatalogue();
  const selection = selectionOf(catalogue, { components: spec.components, pools: [], provider, hasTenants: true });
  const own = await readTenantCatalogue();
  const on = tenants.flatMap((tenant) => tenantInstances(own, tenantSchema.parse(tenant), spec, provider));
  return renderComponents({ ...selection, on: [...selection.on, ...on] }, renderInput({}, provider));
}

/** Steps of the cluster's components and of these tenants. */
async function planned(tenants: readonly TenantInput[]): Promise<readonly Step[]> {
  const all = await rendered(tenants);
  const facts = await observeComponents(at.kube, all, at.run);
  const parts = byOwner(all);
  await refuseTenants(at.kube, parts.tenants, facts, new Set(['monitoring']), at.run);
  const input = {
    cluster: 'demo',
    facts,
    api: known({ kube: at.kube, watch: undefined as never }),
    clock: systemClock,
    archives: at.tools.archives,
    warn: (text: string) => void at.warnings.push(text),
  };
  const cluster = planComponents({
    ...input,
    desired: { owner: ownedByCluster, rendered: parts.rendered, secrets: [] },
  });
  const desired = parts.tenants.map((one) => ({ ...one, secrets: [] }));
  return [...cluster, ...planTenants(desired, input, cluster)];
}

async function run(steps: readonly Step[], signal: AbortSignal = at.run.signal): Promise<void> {
  const result = await runSteps(steps, { reporter: { emit: () => {} }, clock: systemClock, signal, limits });
  if (!signal.aborted) expect(result.failures).toEqual([]);
}
const get = (kind: string, namespace: string, name: string, apiVersion = 'v1') =>
  at.kube.get({ apiVersion, kind, metadata: { name, namespace } }, at.run);
const texts = (steps: readonly Step[]): readonly string[] =>
  steps.map(({ phase, target, text }) => `${phase}: ${target}: ${text}`);

describe('tenants of a file', () => {
  it('are made after what keeps them apart, and a second plan has no steps', async () => {
    const steps = await planned([{ name: 'globex' }, { name: 'initech' }]);
    expect(texts(steps)).toEqual([
      'Install components: tenancy: install 14 objects',
      'Make tenants: globex: create its namespaces, quota, network policies and roles',
      'Make tenants: initech: create its namespaces, quota, network policies and roles',
    ]);
    for (const step of steps.slice(1)) expect(step.needs).toContain(steps[0]);
    await run(steps);
    expect(await get('ResourceQuota', 'globex', 'slipway')).toMatchObject({ spec: { hard: { 'requests.cpu': '2' } } });
    expect(await planned([{ name: 'globex' }, { name: 'initech' }])).toEqual([]);
  });

  it('an unchanged plan of many takes one list for each kind of objects, whatever their number', async () => {
    const many = Array.from({ length: 30 }, (_, index) => ({ name: `tenant-${index}` }));
    await run(await planned(many));
    at.cluster.requests.length = 0;
    expect(await planned(many)).toEqual([]);
    const asked = at.cluster.requests
      .map((line) => line.replace(/\?.*/, ''))
      .filter((line) => !/\/apis?(\/[^/]+){0,2}$/.test(line));
    expect(asked.every((line) => line.startsWith('GET '))).toBe(true);
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked.length).toBeLessThan(20);
  });

  it('one that is cut short in the midst is finished by the next run', async () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ name: `tenant-${index}` }));
    const cut = new AbortController();
    at.cluster.intercept = (request) => {
      if (request.method === 'PATCH' && request.url!.includes('/namespaces/tenant-9/')) cut.abort();
      return false;
    };
    await run(await planned(many), cut.signal);
    at.cluster.intercept = () => false;
    const rest = await planned(many);
    expect(rest.length).toBeGreaterThan(0);
    await run(rest);
    expect(await planned(many)).toEqual([]);
  });

  it('what somebody changed by hand is shown before it is put right', async () => {
    await run(await planned([{ name: 'globex', domains: ['globex.org'] }]));
    const quota = await get('ResourceQuota', 'globex', 'slipway');
    await at.kube.patch({ ...quota!, spec: { hard: { pods: '3000' } } }, at.run);
    const namespace = await get('Namespace', undefined as never, 'globex');
    await at.kube.patch(
      { ...namespace!, metadata: { ...namespace!.metadata, annotations: { 'slipway.dev/domains': 'initech.org' } } },
      at.run,
    );
    const steps = await planned([{ name: 'globex', domains: ['globex.org'] }]);
    expect(steps.flatMap(({ details = [] }) => details)).toEqual([
      '~ Namespace globex "slipway.dev/domains": "initech.org" → "globex.org"',
      '~ ResourceQuota globex/slipway: was changed by somebody else',
      '    ~ spec.hard.pods: "3000" → "30"',
    ]);
    await run(steps);
    expect(await get('ResourceQuota', 'globex', 'slipway')).toMatchObject({ spec: { hard: { pods: '30' } } });
  });

  it('a suspended one loses its rights to change, and gets them back', async () => {
    const binding = () => get('RoleBinding', 'globex', 'slipway-change', 'rbac.authorization.k8s.io/v1');
    await run(await planned([{ name: 'globex' }]));
    expect(await binding()).toBeDefined();
    const steps = await planned([{ name: 'globex', suspended: true }]);
    expect(steps.flatMap(({ details = [] }) => details)).toEqual(['- RoleBinding globex/slipway-change']);
    await run(steps);
    expect(await binding()).toBeUndefined();
    await run(await planned([{ name: 'globex' }]));
    expect(await binding()).toBeDefined();
  });

  it('one that the file no longer names stays, and so does what keeps tenants apart', async () => {
    await run(await planned([{ name: 'globex' }, { name: 'initech' }]));
    expect(await planned([{ name: 'globex' }])).toEqual([]);
    const facts = await observeComponents(at.kube, [], at.run);
    expect(tenantsIn(facts)).toEqual(['globex', 'initech']);
  });
});

describe('tenants that cannot be', () => {
  it('the name of a namespace that something else lives in is refused before anything is made', async () => {
    at.cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
    const refused = planned([{ name: 'shop' }, { name: 'monitoring' }]);
    await expect(refused).rejects.toMatchObject({
      code: 'TENANT_NAME_TAKEN',
      details: [
        'shop: the cluster has a namespace shop already, which is not this tenant’s',
        'monitoring: a component has a namespace of that name',
      ],
    });
  });

  it('a quota below what is used is refused with the numbers', async () => {
    await run(await planned([{ name: 'globex' }]));
    const quota = await get('ResourceQuota', 'globex', 'slipway');
    const { store } = at.cluster.api;
    store.change(store.resource('v1', 'ResourceQuota'), 'globex', quota!.metadata.name, (object) => {
      object['status'] = { used: { pods: '12', 'requests.memory': '3Gi' } };
    });
    await expect(planned([{ name: 'globex', quota: { pods: 10, memory: '2Gi' } }])).rejects.toMatchObject({
      code: 'TENANT_QUOTA_USED',
      details: ['globex: requests.memory: 2Gi asked for, 3Gi used', 'globex: pods: 10 asked for, 12 used'],
    });
    expect(await planned([{ name: 'globex', quota: { pods: 12 } }])).toHaveLength(1);
  });
});
