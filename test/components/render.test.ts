import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import {
  mergeValues,
  readCatalogue,
  renderComponents,
  renderedFiles,
  secretNeeds,
  selectionOf,
} from '../../src/components/index.js';
import type { ClusterFile } from '../../src/domain/spec/schema.js';
import { hostileMap, hostileText, plain } from './hostile.js';
import { folderWith, renderInput } from './support.js';

const open = 'options: {type: object, properties: {}}';
const chart = 'chart: {name: shop, repository: "https://charts.example.com", version: 1.2.3}';

async function render(files: Readonly<Record<string, string>>, file: Partial<ClusterFile>) {
  const catalogue = await readCatalogue([], await folderWith(files));
  return (more: Partial<ClusterFile> = {}) => {
    const input = renderInput({ ...file, ...more }, { ...renderInput().provider, required: [], baseline: [] });
    const selection = selectionOf(catalogue, {
      components: input.spec.components,
      pools: input.spec.pools,
      provider: input.provider,
    });
    return { rendered: renderComponents(selection, input), needs: secretNeeds(selection) };
  };
}
const components = (settings: unknown): Partial<ClusterFile> => ({
  components: { preset: 'none', ...(settings as object) } as never,
});
const shop = `title: Shop\ndescription: D\nnamespace: shop\n${chart}\n${open}\n`;

describe('a rendered component', () => {
  it('is its Namespace, what goes before, the HelmChart and its own objects', async () => {
    const one = await render(
      {
        'shop/component.yaml': `${shop}health: [{kind: Deployment, name: shop}, {kind: DaemonSet, name: other, when: other}]\n`,
        'shop/values.yaml.hbs': 'replicas: {{q servers}}\nhost: {{q (concat cluster.name ".example")}}\n',
        'shop/before/config.yaml.hbs':
          'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: before}\ndata: {id: {{q cluster.id}} }\n',
        'shop/manifests/role.yaml.hbs':
          'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r, labels: {a: b}}\nrules: []\n---\n{{#if pool}}\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: else}\n{{/if}}\n',
      },
      components({ shop: true }),
    );
    const labels = { 'app.kubernetes.io/managed-by': 'slipway', 'slipway.dev/component': 'shop' };
    expect(one().rendered).toEqual([
      {
        id: 'shop',
        definition: 'shop',
        owner: { kind: 'cluster' },
        title: 'Shop',
        namespace: 'shop',
        version: '1.2.3',
        waitsFor: [],
        requests: { cpuMilli: 0, memoryMiB: 0, volumes: [] },
        crds: undefined,
        before: [
          {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: {
              name: 'shop',
              labels: {
                'app.kubernetes.io/managed-by': 'slipway',
                'pod-security.kubernetes.io/enforce': 'restricted',
              },
            },
          },
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'before', namespace: 'shop', labels },
            data: { id: 'a1b2c3' },
          },
        ],
        chart: {
          apiVersion: 'helm.cattle.io/v1',
          kind: 'HelmChart',
          metadata: { name: 'shop', namespace: 'kube-system', labels },
          spec: {
            chart: 'shop',
            repo: 'https://charts.example.com',
            version: '1.2.3',
            targetNamespace: 'shop',
            valuesContent: 'replicas: 1\nhost: acme.example\n',
            backOffLimit: 2,
            failurePolicy: 'abort',
            timeout: '5m0s',
          },
        },
        objects: [
          {
            apiVersion: 'rbac.authorization.k8s.io/v1',
            kind: 'ClusterRole',
            metadata: { name: 'r', labels: { a: 'b', ...labels } },
            rules: [],
          },
        ],
        health: [{ kind: 'Deployment', name: 'shop', namespace: 'shop', apiVersion: undefined }],
      },
    ]);
  });

  it('of an OCI chart names the whole reference; flags are there only when they are set', async () => {
    const one = await render(
      {
        'shop/component.yaml': `title: T\ndescription: D\nnamespace: kube-system\nrelease: other\nchart: {name: x, oci: "oci://r.example/x", version: 1.0.0, bootstrap: true, takeOwnership: true, crds: true, timeout: 10m}\n`,
      },
      components({ shop: { version: '2.0.0' } }),
    );
    const [found] = one().rendered;
    expect(found?.before).toEqual([]);
    expect(found?.chart?.metadata.name).toBe('other');
    expect(found?.chart?.['spec']).toEqual({
      chart: 'oci://r.example/x',
      version: '2.0.0',
      targetNamespace: 'kube-system',
      bootstrap: true,
      takeOwnership: true,
      backOffLimit: 2,
      failurePolicy: 'abort',
      timeout: '10m0s',
    });
    expect(found?.crds).toMatchObject({ oci: 'oci://r.example/x', version: '2.0.0' });
  });

  it('lives on the pool it is given, whatever taints that has', async () => {
    const one = await render(
      { 'shop/component.yaml': shop, 'shop/values.yaml.hbs': 'web:\n  replicas: 1\n  {{yaml (placement) indent=2}}\n' },
      {
        ...components({ shop: { pool: 'heavy' } }),
        pools: [
          {
            name: 'heavy',
            taints: [
              { key: 'gpu', effect: 'NoExecute' },
              { key: 'team', value: 'a', effect: 'NoSchedule' },
            ],
          },
        ],
      },
    );
    const [found] = one().rendered;
    expect(parse((found?.chart?.['spec'] as { valuesContent: string }).valuesContent)).toEqual({
      web: {
        replicas: 1,
        nodeSelector: { 'slipway.dev/pool': 'heavy' },
        tolerations: [
          { key: 'slipway.dev/platform', operator: 'Exists' },
          { key: 'gpu', operator: 'Exists', effect: 'NoExecute' },
          { key: 'team', operator: 'Equal', value: 'a', effect: 'NoSchedule' },
        ],
      },
    });
  });

  it('has the user’s values and options in it as they are, whatever they hold', async () => {
    const one = await render(
      {
        'shop/component.yaml': shop,
        'shop/values.yaml.hbs': 'own: {{q options.text}}\nall: {{yaml options.map indent=2}}\n',
      },
      {},
    );
    fc.assert(
      fc.property(hostileText, hostileMap, hostileMap, (text, map, values) => {
        const [found] = one(components({ shop: { text, map: plain(map), values: { user: plain(values) } } })).rendered;
        const content = (found?.chart?.['spec'] as { valuesContent: string }).valuesContent;
        expect(parse(content)).toEqual({ own: text, all: plain(map), user: plain(values) });
      }),
      { numRuns: 150 },
    );
  });

  it('is the same to the byte each time', async () => {
    const one = await render(
      {
        'shop/component.yaml': shop,
        'shop/values.yaml.hbs': '{{#each options.map}}\n{{q @key}}: {{q this}}\n{{/each}}\n',
      },
      components({ shop: { map: { z: 1, a: [2], m: { k: null } } } }),
    );
    const first = JSON.stringify(one().rendered);
    expect(JSON.stringify(one({ name: 'other' }).rendered)).toBe(first);
    expect(JSON.stringify(one().rendered)).toBe(first);
  });
});

describe('an object is refused', () => {
  it.each<[string, string, string]>([
    ['as a Secret', 'apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n', '1: Secrets are not written in templates'],
    ['without a kind', '\napiVersion: v1\nmetadata: {name: x}\n', '2: an object of Kubernetes has apiVersion and kind'],
    ['without a name', 'apiVersion: v1\nkind: Service\nmetadata: {}\n', '1: Service has no metadata.name'],
    ['as a list', 'a: 1\n---\n- 1\n', '1: an object of Kubernetes has'],
  ])('%s, with its line', async (_what, text, expected) => {
    const one = await render(
      { 'shop/component.yaml': shop, 'shop/manifests/x.yaml.hbs': text },
      components({ shop: true }),
    );
    expect(() => one()).toThrow(`templates/components/shop/manifests/x.yaml.hbs:${expected}`);
  });

  it('as values that are no map, or several documents', async () => {
    for (const [text, message] of [
      ['- 1\n', 'values are a map of keys'],
      ['a: 1\n---\nb: 1\n', 'values are one document'],
    ]) {
      const one = await render(
        { 'shop/component.yaml': shop, 'shop/values.yaml.hbs': text! },
        components({ shop: true }),
      );
      expect(() => one()).toThrow(message);
    }
  });
});

describe('values laid over others', () => {
  it.each([
    ['joins maps', { a: { b: 1, c: 2 } }, { a: { c: 3, d: 4 } }, { a: { b: 1, c: 3, d: 4 } }],
    ['replaces lists', { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ['replaces scalars by maps and back', { a: 1, b: { c: 1 } }, { a: { x: 1 }, b: 2 }, { a: { x: 1 }, b: 2 }],
    ['takes out what a null stands over', { a: { b: 1, c: 2 } }, { a: { b: null } }, { a: { c: 2 } }],
    [
      'hands a null on where there is nothing under it',
      { a: 1 },
      { b: null, c: { d: null } },
      { a: 1, b: null, c: { d: null } },
    ],
    ['keeps our own nulls', { a: null }, {}, { a: null }],
  ])('%s', (_what, under, over, expected) => {
    expect(mergeValues(under, over)).toEqual(expected);
  });
});

describe('files for GitOps', () => {
  const files = {
    'a/component.yaml': 'title: T\ndescription: D\nnamespace: same\n',
    'a/manifests/x.yaml.hbs':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: else}\n',
    'b/component.yaml': `title: T\ndescription: D\nnamespace: same\n${chart}\nsecrets: [{name: s, keys: {token: B_TOKEN}, generate: {cookie: 20}}]\n`,
  };

  it('are applied in two stages, each Namespace once, with all names told apart', async () => {
    const { rendered, needs } = (await render(files, components({ a: true, b: true })))();
    const found = renderedFiles(rendered, needs);
    expect([...found.keys()].sort()).toEqual([
      'charts/b/helmchart-b.yaml',
      'charts/kustomization.yaml',
      'charts/namespaces/namespace-same.yaml',
      'kustomization.yaml',
      'objects/a/configmap-else-x.yaml',
      'objects/a/configmap-x.yaml',
      'objects/kustomization.yaml',
      'secrets-needed.yaml',
    ]);
    const read = (path: string) => parse(found.get(path)!) as { resources: string[] };
    expect(read('kustomization.yaml').resources).toEqual(['charts', 'objects']);
    for (const folder of ['charts', 'objects'])
      for (const path of read(`${folder}/kustomization.yaml`).resources)
        expect(found.has(`${folder}/${path}`)).toBe(true);
  });

  it('name secrets in comments only', async () => {
    const { rendered, needs } = (await render(files, components({ b: true })))();
    const page = renderedFiles(rendered, needs).get('secrets-needed.yaml')!;
    expect(parse(page)).toBeNull();
    expect(page).toContain('# same/s\n#   cookie: B_COOKIE (any 20 characters)\n#   token: B_TOKEN\n');
  });
});
