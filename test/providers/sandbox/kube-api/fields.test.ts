import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SandboxKube } from '../../../support/sandbox-kube.js';

let kube: SandboxKube;

beforeAll(async () => {
  kube = await SandboxKube.start();
  const boats = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'boats.talk.example' },
    spec: {
      group: 'talk.example',
      scope: 'Namespaced',
      names: { plural: 'boats', kind: 'Boat' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: boatSchema } }],
    },
  };
  const made = await write('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', boats);
  expect(made.code).toBe(201);
});
afterAll(() => kube.close());

const cargo = { type: 'object', properties: { a: { type: 'string' } } };
const boatSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        x: { type: 'array', items: cargo },
        m: { type: 'object', additionalProperties: cargo },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        inner: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          properties: { spec: { type: 'object' } },
        },
      },
    },
  },
};

interface Answer {
  readonly code: number;
  readonly warnings: readonly string[];
  readonly body: { readonly message?: string; readonly reason?: string; readonly spec?: Record<string, unknown> };
}

async function write(method: string, path: string, body: unknown, type = 'application/json'): Promise<Answer> {
  const answer = await fetch(`${kube.address()}${path}`, {
    method,
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const warnings = (answer.headers.get('warning') ?? '').match(/299 - "(?:[^"\\]|\\.)*"/g) ?? [];
  return { code: answer.status, warnings, body: (await answer.json()) as Answer['body'] };
}

const deployments = '/apis/apps/v1/namespaces/default/deployments';
const maps = '/api/v1/namespaces/default/configmaps';
const boats = '/apis/talk.example/v1/namespaces/default/boats';
const dry = (validation: string) => `?dryRun=All&fieldValidation=${validation}`;

const deployment = (more: object = {}, container: object = {}, metadata: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...metadata },
  spec: {
    replicas: 0,
    selector: { matchLabels: { a: 'b' } },
    template: {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'c', image: 'nginx', ...container }] },
    },
    ...more,
  },
});
const boat = {
  apiVersion: 'talk.example/v1',
  kind: 'Boat',
  metadata: { name: 'a', foo: 1 },
  spec: {
    x: [{ a: '1', b: 2 }],
    free: { z: 1 },
    m: { k: { a: '1', c: 1 } },
    q: 1,
    inner: { apiVersion: 'v1', kind: 'X', metadata: { name: 'q', zz: 1 }, spec: { u: 1 }, w: 1 },
  },
  top: 1,
};
const strictly = (why: string) => `in version "v1" cannot be handled as a Deployment: strict decoding error: ${why}`;

describe('fieldValidation=Strict', () => {
  it('refuses every unknown field of a built-in kind, however deep, in the words of the API server', async () => {
    const wrong = deployment(
      { foo: 1, bar: { x: 1 } },
      { imagePullpolicy: 'Always', ports: [{ containerport: 1, containerPort: 2 }] },
      { label: {} },
    );
    const { code, body } = await write('POST', deployments + dry('Strict'), wrong);
    expect(code).toBe(400);
    expect(body.reason).toBe('BadRequest');
    expect(body.message).toBe(
      `Deployment ${strictly(
        [
          'metadata.label',
          'spec.template.spec.containers[0].imagePullpolicy',
          'spec.template.spec.containers[0].ports[0].containerport',
          'spec.foo',
          'spec.bar',
        ]
          .map((field) => `unknown field "${field}"`)
          .join(', '),
      )}`,
    );
  });

  it('takes free maps, values of two types, and whole objects inside another', async () => {
    const right = deployment(
      { strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } } },
      { resources: { requests: { cpu: 1, 'example.com/gpu': '1' } }, livenessProbe: { httpGet: { port: 'http' } } },
      { annotations: { any: 'thing' } },
    );
    expect((await write('POST', deployments + dry('Strict'), right)).code).toBe(201);
    const set = {
      ...deployment({
        serviceName: 'web',
        volumeClaimTemplates: [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'd' }, spec: {} }],
      }),
      kind: 'StatefulSet',
    };
    const made = await write('POST', deployments.replace('deployments', 'statefulsets') + dry('Strict'), set);
    expect(made.body.message).toBeUndefined();
  });

  it('refuses a field that comes twice', async () => {
    const text = JSON.stringify(deployment()).replace('"replicas":0', '"replicas":0,"replicas":1');
    const { code, body } = await write('POST', deployments + dry('Strict'), text);
    expect(code).toBe(400);
    expect(body.message).toBe(`Deployment ${strictly('duplicate field "spec.replicas"')}`);
  });

  it('tells of unknown fields and of those that come twice in the order in which they come', async () => {
    const text = JSON.stringify(deployment({ foo: 1 }, { imagePullpolicy: 'Always' }))
      .replace('"replicas":0', '"replicas":0,"replicas":1')
      .replace('"foo":1', '"foo":1,"foo":2');
    const before = text.replace('"spec":{', '"spec":{"paused":true,"bar":1,"paused":false,');
    const { body, code } = await write('POST', deployments + dry('Strict'), before);
    expect(code).toBe(400);
    const places = ['unknown field "spec.bar"', 'duplicate field "spec.paused"', 'duplicate field "spec.replicas"'];
    const inText = [
      ...places,
      'unknown field "spec.template.spec.containers[0].imagePullpolicy"',
      'unknown field "spec.foo"',
    ];
    expect(body.message).toBe(`Deployment ${strictly(inText.join(', '))}`);
  });

  it('names the lines of YAML in which a key comes twice', async () => {
    const text = [
      'apiVersion: apps/v1',
      'kind: Deployment',
      'metadata: {name: web}',
      'spec:',
      '  replicas: 0',
      '  replicas: 1',
      '  foo: 1',
      '  selector: {matchLabels: {a: b}}',
      '  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: nginx}]}}',
    ].join('\n');
    const { body } = await write('POST', deployments + dry('Strict'), text, 'application/yaml');
    const lines = 'yaml: unmarshal errors:\n  line 6: key "replicas" already set in map';
    expect(body.message).toBe(`Deployment ${strictly(`${lines}, unknown field "spec.foo"`)}`);
    const warned = await write('POST', deployments + dry('Warn'), text, 'application/yaml');
    expect(warned.code).toBe(201);
    expect(warned.body.spec).toMatchObject({ replicas: 1 });
    expect(warned.warnings).toHaveLength(2);
  });

  it('holds replacements, statuses, scales and evictions to it, too', async () => {
    await write('POST', deployments, deployment());
    const put = await write('PUT', `${deployments}/web?fieldValidation=Strict`, deployment({ foo: 1 }));
    expect(put.body.message).toBe(`Deployment ${strictly('unknown field "spec.foo"')}`);
    const status = { ...deployment(), status: { foo: 1 } };
    const putStatus = await write('PUT', `${deployments}/web/status?fieldValidation=Strict`, status);
    expect(putStatus.body.message).toBe(`Deployment ${strictly('unknown field "status.foo"')}`);
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { foo: 1 } };
    const putScale = await write('PUT', `${deployments}/web/scale?fieldValidation=Strict`, scale);
    expect(putScale.body.message).toBe(
      'Scale in version "v1" cannot be handled as a Scale: strict decoding error: unknown field "spec.foo"',
    );
  });

  it.each([
    ['application/merge-patch+json', { spec: { foo: 1 } }, /^ "" is invalid: patch: Invalid value: "\{.*\}": /],
    [
      'application/strategic-merge-patch+json',
      { spec: { foo: 1 } },
      /^ "" is invalid: patch: Invalid value: "map\[spec:map\[foo:1\]\]": /,
    ],
    [
      'application/json-patch+json',
      [{ op: 'add', path: '/spec/foo', value: 1 }],
      /^ "" is invalid: patch: Invalid value: "\{.*\}": /,
    ],
  ])('refuses patches: %s', async (type, patch, words) => {
    await write('POST', deployments, deployment({}, {}, { name: 'patched' }));
    const { code, body } = await write('PATCH', `${deployments}/patched?fieldValidation=Strict`, patch, type);
    expect(code).toBe(422);
    expect(body.message).toMatch(words);
    expect(body.message).toMatch(/strict decoding error: unknown field "spec\.foo"$/);
    const warned = await write('PATCH', `${deployments}/patched?fieldValidation=Warn`, patch, type);
    expect(warned.warnings).toEqual([String.raw`299 - "unknown field \"spec.foo\""`]);
    expect(warned.body.spec).not.toHaveProperty('foo');
  });

  it('holds kinds of one’s own to their schema', async () => {
    const { code, body } = await write('POST', boats + dry('Strict'), boat);
    expect(code).toBe(400);
    expect(body.message).toBe(
      `Boat in version "v1" cannot be handled as a Boat: strict decoding error: ${[
        'metadata.foo',
        'spec.inner.spec.u',
        'spec.inner.w',
        'spec.m.k.c',
        'spec.q',
        'spec.x[0].b',
        'top',
        'spec.inner.metadata.zz',
      ]
        .map((field) => `unknown field "${field}"`)
        .join(', ')}`,
    );
  });
});

describe('fieldValidation=Warn', () => {
  it.each(['Warn', ''])('is what holds where nothing else is asked for: "%s"', async (validation) => {
    const wrong = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'w' }, foo: 1, 'q"uote': 1 };
    const { code, warnings, body } = await write('POST', maps + dry(validation), wrong);
    expect(code).toBe(201);
    expect(warnings).toEqual([
      String.raw`299 - "unknown field \"foo\""`,
      String.raw`299 - "unknown field \"q\\\"uote\""`,
    ]);
    expect(body).not.toHaveProperty('foo');
  });

  it('gives no more than a hundred warnings', async () => {
    const many = Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`f${i}`, 1]));
    const wrong = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'w' }, ...many };
    expect((await write('POST', maps + dry('Warn'), wrong)).warnings).toHaveLength(100);
  });
});

describe('fieldValidation=Ignore', () => {
  it('leaves out what nobody knows, without a word', async () => {
    const { code, warnings, body } = await write('POST', deployments + dry('Ignore'), deployment({ foo: 1 }));
    expect(code).toBe(201);
    expect(warnings).toEqual([]);
    expect(body.spec).not.toHaveProperty('foo');
  });
});

describe('a fieldValidation that there is not', () => {
  it.each([
    ['POST', maps, 'CreateOptions'],
    ['PUT', `${maps}/kube-root-ca.crt`, 'UpdateOptions'],
    ['PATCH', `${maps}/kube-root-ca.crt`, 'PatchOptions'],
  ])('is refused in a %s', async (method, path, options) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const { code, body } = await write(method, `${path}?fieldValidation=Nonsense`, {}, type);
    expect(code).toBe(422);
    expect(body.message).toBe(
      `${options}.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Nonsense": supported values: "", "Ignore", "Strict", "Warn"`,
    );
  });
});

describe('server-side apply', () => {
  const applyType = 'application/apply-patch+yaml';

  it.each(['', '&fieldValidation=Ignore'])(
    'takes no field that is not of the kind, as nobody could own it: %s',
    async (query) => {
      const ports = [{ containerPort: 1, protocol: 'TCP', x: 1 }];
      const wrong = deployment({}, { ports }, { name: 'new' });
      const { code, body } = await write('PATCH', `${deployments}/new?fieldManager=me${query}`, wrong, applyType);
      expect(code).toBe(500);
      expect(body.message).toBe(
        'failed to create typed patch object (/new; apps/v1, Kind=Deployment): .spec.template.spec.containers[name="c"].ports[containerPort=1,protocol="TCP"].x: field not declared in schema',
      );
    },
  );

  it('refuses a key that comes twice, where it is asked to be strict', async () => {
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice}\ndata: {a: "1", a: "2"}\n';
    const path = `${maps}/twice?fieldManager=me`;
    const { code, body } = await write('PATCH', `${path}&fieldValidation=Strict`, text, applyType);
    expect(code).toBe(400);
    expect(body.message).toBe(
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 4: key "a" already set in map',
    );
    expect((await write('PATCH', path, text, applyType)).body).toMatchObject({ data: { a: '2' } });
  });
});
