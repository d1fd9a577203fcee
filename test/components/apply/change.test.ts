import { describe, expect, it } from 'vitest';

import { ownedByCluster } from '../../../src/components/instance.js';
import type { RenderedComponent, ResolvedSecret } from '../../../src/components/types.js';
import { Secret } from '../../../src/domain/secret.js';
import type { KubeObject } from '../../../src/kube/types.js';
import { changeOf } from '../../../src/components/apply/change.js';
import { type ComponentFacts, noFacts } from '../../../src/components/apply/facts.js';
import type { Inventory } from '../../../src/components/apply/inventory.js';
import { hashOf, refKey } from '../../../src/components/apply/objects.js';
import { ownObjects, printOf } from '../../../src/components/apply/rendered.js';
import { secretObject, secretsFor } from '../../../src/components/apply/secrets.js';

const chart = (spec: object): KubeObject => ({
  apiVersion: 'helm.cattle.io/v1',
  kind: 'HelmChart',
  metadata: { name: 'web', namespace: 'kube-system' },
  spec: { chart: 'web', version: '1.0.0', valuesContent: 'replicas: 2\n', ...spec },
});
const map = (name: string, data: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'web' },
  data,
});
const component = (change: Partial<RenderedComponent> = {}): RenderedComponent => ({
  id: 'web',
  definition: 'web',
  owner: ownedByCluster,
  title: 'Web',
  requests: { cpuMilli: 0, memoryMiB: 0, volumes: [] },
  namespace: 'web',
  version: '1.0.0',
  waitsFor: [],
  before: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } }],
  chart: chart({}),
  crds: undefined,
  objects: [map('a', { key: 'one' })],
  health: [],
  ...change,
});
const secret = (value: string, drawn: string[] = []): ResolvedSecret => ({
  component: 'web',
  namespace: 'web',
  name: 'dns',
  data: { token: new Secret(value) },
  drawn,
  origins: { token: 'from DNS_TOKEN' },
});

/** The cluster after `was` was applied and found healthy. */
function after(was: RenderedComponent, secrets: readonly ResolvedSecret[] = []): ComponentFacts {
  const inventory: Inventory = {
    id: 'web',
    definition: 'web',
    owner: ownedByCluster,
    title: 'Web',
    namespace: 'web',
    release: 'web',
    items: ownObjects(was).map((object) => ({
      apiVersion: object.apiVersion,
      kind: object.kind,
      namespace: 'web',
      name: object.metadata.name,
      hash: hashOf(object),
    })),
    secrets: [],
    waitsFor: [],
    healthy: printOf(was),
  };
  return {
    ...noFacts,
    inventories: new Map([['web', inventory]]),
    charts: new Map(was.chart ? [['web', was.chart]] : []),
    objects: new Map(ownObjects(was).map((object) => [refKey(object), object])),
    secrets: new Map(secrets.map((one) => [`${one.namespace}/${one.name}`, secretObject(one, undefined)])),
    namespaces: new Map([['web', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } }]]),
  };
}

describe('what a plan says of a component', () => {
  it('counts what an installation brings', () => {
    expect(changeOf(component(), [secret('x')], noFacts)).toEqual({
      kind: 'install',
      text: 'install chart web 1.0.0, 1 object, 1 Secret',
      details: ['+ Secret web/dns: token from DNS_TOKEN'],
    });
  });

  it('is nothing when all is as desired', () => {
    expect(changeOf(component(), [secret('x')], after(component(), [secret('x')]))).toBeUndefined();
  });

  it('names both versions and every value of an upgrade', () => {
    const desired = component({ chart: chart({ version: '1.1.0', valuesContent: 'replicas: 3\n' }) });
    expect(changeOf(desired, [], after(component()))).toEqual({
      kind: 'upgrade',
      text: 'upgrade 1.0.0 → 1.1.0',
      details: ['~ version: "1.0.0" → "1.1.0"', '~ values.replicas: 2 → 3'],
    });
  });

  it('shows objects that come, change and go', () => {
    const desired = component({ objects: [map('a', { key: 'two' }), map('b', {})] });
    const facts = after(component({ objects: [map('a', { key: 'one' }), map('c', {})] }));
    expect(changeOf(desired, [], facts)).toEqual({
      kind: 'change',
      text: '3 changes',
      details: ['~ ConfigMap web/a', '    ~ data.key: "one" → "two"', '+ ConfigMap web/b', '- ConfigMap web/c'],
    });
  });

  it('tells what somebody else changed', () => {
    const facts = after(component());
    const drifted = {
      ...facts,
      objects: new Map([...facts.objects].map(([key, object]) => [key, { ...object, data: { key: 'theirs' } }])),
      drifted: new Set(facts.objects.keys()),
    };
    expect(changeOf(component(), [], drifted)?.details).toEqual([
      '~ ConfigMap web/a: was changed by somebody else',
      '    ~ data.key: "theirs" → "one"',
    ]);
  });

  it('says that a Secret changed, and nothing of how', () => {
    const change = changeOf(component(), [secret('new-hunter2')], after(component(), [secret('old-hunter1')]));
    expect(change?.details).toEqual(['~ Secret web/dns: token changed from DNS_TOKEN']);
    expect(JSON.stringify(change)).not.toMatch(/hunter/);
  });

  it('leaves a drawn Secret as the cluster has it', () => {
    expect(
      changeOf(component(), [secret('drawn now', ['token'])], after(component(), [secret('drawn once')])),
    ).toBeUndefined();
  });

  it('is not done before it was found healthy', () => {
    const facts = after(component());
    const { healthy: _, ...never } = facts.inventories.get('web')!;
    expect(changeOf(component(), [], { ...facts, inventories: new Map([['web', never]]) })).toMatchObject({
      kind: 'finish',
      text: 'wait until it is healthy',
    });
    const job: KubeObject = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'helm-install-web', uid: 'j' },
      status: { conditions: [{ type: 'Failed', status: 'True' }] },
    };
    const failed = { ...facts, inventories: new Map([['web', never]]), jobs: new Map([['helm-install-web', job]]) };
    expect(changeOf(component(), [], failed)?.text).toBe('try again: its helm job failed');
  });
});

describe('a Secret that two components need', () => {
  it('is made with the keys of both', () => {
    const one = { ...secret('a'), component: 'ccm', data: { token: new Secret('a') } };
    const other = { ...secret('a'), component: 'csi', data: { extra: new Secret('b') } };
    for (const name of ['ccm', 'csi']) {
      const [joined, ...rest] = secretsFor(name, [one, other]);
      expect(rest).toEqual([]);
      expect(joined?.component).toBe(name);
      expect(Object.keys(joined!.data).sort()).toEqual(['extra', 'token']);
    }
  });
});
