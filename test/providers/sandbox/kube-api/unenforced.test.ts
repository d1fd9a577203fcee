import { execFile } from 'node:child_process';
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
