import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { client } from '../../../support/clients.js';
import { readyNode, SandboxKube } from '../../../support/sandbox-kube.js';

const kubectl = client('kubectl');
let kube: SandboxKube;

beforeAll(async () => {
  kube = await SandboxKube.start();
  kube.put(readyNode('n1'));
});
afterAll(() => kube.close());

async function write(
  method: string,
  path: string,
  body: object,
): Promise<{ code: number; warning: string; text: string }> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const response = await fetch(`${kube.address()}${path}`, {
    method,
    headers: { 'content-type': type },
    body: JSON.stringify(body),
  });
  return { code: response.status, warning: response.headers.get('warning') ?? '', text: await response.text() };
}

const admission = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'rule' }, spec: {} };
const admissionPath = '/apis/admissionregistration.k8s.io/v1';
const core = '/api/v1/namespaces/default';
const namespace = (labels: Record<string, string>, name: string) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});
const definition = (rules: object) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'orders.shop.example' },
  spec: {
    group: 'shop.example',
    scope: 'Namespaced',
    names: { plural: 'orders', kind: 'Order' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', ...rules } } } },
      },
    ],
  },
});

describe('what the sandbox accepts and does not enforce', () => {
  it.each([
    [
      `${core}/resourcequotas`,
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: {} },
      'quotas',
    ],
    [`${admissionPath}/validatingadmissionpolicies`, { ...admission, kind: 'ValidatingAdmissionPolicy' }, 'admission'],
    [
      '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'deny' },
        spec: { podSelector: {} },
      },
      'network policies',
    ],
    ['/api/v1/namespaces', namespace({ 'pod-security.kubernetes.io/enforce': 'restricted' }, 'strict'), 'Pod Security'],
    [
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      definition({ 'x-kubernetes-validations': [{ rule: 'self.a > 1' }] }),
      'CEL rules',
    ],
  ])('comes back with a warning from %s', async (path, body, what) => {
    const { code, warning } = await write('POST', path, body);
    expect(code).toBe(201);
    expect(warning).toMatch(/^299 - "the sandbox accepts this, but does not enforce .*"$/);
    expect(warning).toContain(what);
  });

  it('warns of a namespace that gets its Pod Security level later, and of no other', async () => {
    expect((await write('POST', '/api/v1/namespaces', namespace({ tier: 'web' }, 'plain'))).warning).toBe('');
    const change = { metadata: { labels: { 'pod-security.kubernetes.io/warn': 'baseline' } } };
    expect((await write('PATCH', '/api/v1/namespaces/plain', change)).warning).toContain('Pod Security');
  });

  it.skipIf(kubectl === undefined)('is shown by kubectl', async () => {
    const args = [
      '--server',
      kube.address(),
      'label',
      'namespace',
      'default',
      'pod-security.kubernetes.io/enforce=baseline',
    ];
    const { stderr } = await promisify(execFile)(kubectl!, args, { env: { HOME: '/nonexistent' } });
    expect(stderr).toContain('Warning: the sandbox accepts this, but does not enforce Pod Security levels');
  });
});

describe('a pod whose ServiceAccount does not exist', () => {
  const spec = { serviceAccountName: 'ghost', containers: [{ name: 'main', image: 'nginx' }] };

  it('is refused in the words of the API server', async () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec };
    const { code, text } = await write('POST', `${core}/pods`, pod);
    expect(code).toBe(403);
    expect((JSON.parse(text) as { message: string }).message).toBe(
      'pods "web" is forbidden: error looking up service account default/ghost: serviceaccount "ghost" not found',
    );
  });

  it('is not made by its workload, which says why, until the account is there', async () => {
    const labels = { app: 'web' };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    };
    await write('POST', '/apis/apps/v1/namespaces/default/deployments', deployment);
    const { store } = kube.api;
    const all = (kind: string) => store.peek(store.resource('v1', kind), 'default');
    await expect
      .poll(() =>
        all('Event')
          .map(({ reason, message }) => `${String(reason)}: ${String(message)}`)
          .join('\n'),
      )
      .toMatch(/FailedCreate: Error creating: pods "web-.*" is forbidden: .*serviceaccount "ghost" not found/);
    expect(all('Pod')).toEqual([]);
    await write('POST', `${core}/serviceaccounts`, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'ghost' },
    });
    await expect.poll(() => all('Pod').map(({ status }) => status?.['phase'])).toEqual(['Running']);
  });
});

it('a webhook refuses what it would have to judge while nobody answers behind its service', async () => {
  const configuration = {
    ...admission,
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'judge' },
    webhooks: [
      {
        name: 'judge.acme.dev',
        clientConfig: { service: { namespace: 'default', name: 'judge', path: '/judge' } },
        rules: [{ apiGroups: ['batch'], operations: ['CREATE'] }],
      },
    ],
  };
  kube.put(configuration);
  const job = (name: string) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'nginx' }] } } },
  });
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  const refused = await write('POST', jobs, job('early'));
  expect(refused.code).toBe(500);
  expect(refused.text).toContain('no endpoints available for service \\"judge\\"');
  expect((await write('POST', `${core}/configmaps`, { kind: 'ConfigMap', metadata: { name: 'unjudged' } })).code).toBe(
    201,
  );
  const subsets = [{ addresses: [{ ip: '10.42.0.9' }], ports: [{ port: 443 }] }];
  kube.put({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'judge', namespace: 'default' },
    subsets,
  });
  expect((await write('POST', jobs, job('late'))).code).toBe(201);
});

it('a role is stored, and whoever is no administrator gets in nowhere', async () => {
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }];
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'reader' }, rules };
  expect((await write('POST', `${rbac}/roles`, role)).code).toBe(201);
  const identity = { user: 'system:serviceaccount:default:ci', groups: ['system:authenticated'] };
  const server = createServer((request, response) => kube.api.handle(request, response, identity));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const { port } = server.address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}${core}/configmaps`)).status).toBe(403);
  } finally {
    server.close();
  }
});
