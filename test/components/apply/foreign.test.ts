import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { RenderedComponent, ResolvedSecret } from '../../../src/components/types.js';
import { Secret } from '../../../src/domain/secret.js';
import type { KubeObject } from '../../../src/kube/types.js';
import { applyComponent } from '../../../src/components/apply/apply.js';
import { observeComponents } from '../../../src/components/apply/facts.js';
import { foreignObjects } from '../../../src/components/apply/foreign.js';
import { type Bench, bench, map, traefik } from './support.js';

let at: Bench;
beforeEach(async () => {
  at = await bench();
  await at.kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'traefik' } }, at.run);
});
afterEach(() => at.cluster.close());

const secret: ResolvedSecret = {
  component: 'traefik',
  namespace: 'traefik',
  name: 'dns',
  data: { token: new Secret('ours') },
  drawn: [],
  origins: {},
};

const paths: Readonly<Record<string, string>> = {
  ConfigMap: 'api/v1/namespaces/traefik/configmaps',
  Secret: 'api/v1/namespaces/traefik/secrets',
  HelmChart: 'apis/helm.cattle.io/v1/namespaces/kube-system/helmcharts',
};

/** Applied by another program. */
async function theirs(object: KubeObject): Promise<void> {
  const url = `${at.cluster.address()}/${paths[object.kind]}/${object.metadata.name}?fieldManager=theirs`;
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  const answer = await fetch(url, { method: 'PATCH', headers, body: JSON.stringify(object) });
  expect(answer.status).toBe(201);
}

async function found(component: RenderedComponent, ...secrets: ResolvedSecret[]): Promise<string[]> {
  const facts = await observeComponents(at.kube, [component], at.run);
  const objects = await foreignObjects(at.kube, [component], secrets, facts, at.run);
  return objects.map(({ component: name, text }) => `${name}: ${text}`).sort();
}

const more = traefik({ objects: [map('extra', { key: 'one' }), map('more', { key: 'one' }), map('new')] });

describe('objects with the names of a component’s', () => {
  it('that somebody else made are all found before anything is applied', async () => {
    await theirs(map('extra', { key: 'theirs' }));
    await theirs(map('more', { key: 'theirs' }));
    const metadata = { name: 'dns', namespace: 'traefik' };
    await theirs({ apiVersion: 'v1', kind: 'Secret', metadata, data: { token: 'dGhlaXJz' } });
    const chart = { name: 'traefik', namespace: 'kube-system' };
    await theirs({ ...traefik().chart!, metadata: chart });
    expect(await found(more, secret)).toEqual([
      'traefik: ConfigMap traefik/extra, managed by theirs',
      'traefik: ConfigMap traefik/more, managed by theirs',
      'traefik: HelmChart kube-system/traefik',
      'traefik: Secret traefik/dns',
    ]);
  });

  it('that the component made itself are its own, also what somebody changed since', async () => {
    await applyComponent(at.tools, more, [secret], at.run);
    await fetch(`${at.cluster.address()}/${paths['ConfigMap']}/extra?fieldManager=theirs`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ data: { key: 'theirs' }, metadata: { labels: { 'slipway.dev/component': null } } }),
    });
    expect(await found(more, secret)).toEqual([]);
  });

  it('that hold nothing else than the component wants are no obstacle', async () => {
    await theirs(map('extra', { key: 'one' }));
    expect(await found(more, secret)).toEqual([]);
  });
});
