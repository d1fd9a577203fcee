import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { from, type Step, type StepContext } from '../../src/engine/index.js';
import type { Kube, KubeObject } from '../../src/kube/types.js';
import type { ClusterApi, Proof } from '../../src/phases/context.js';
import { quarantinedAnnotation, rules } from '../../src/phases/quarantine/rules.js';
import { planQuarantineSteps } from '../../src/phases/quarantine/steps.js';
import { SandboxKube } from '../support/sandbox-kube.js';

const signal = new AbortController().signal;
const meta = (name: string, more: object = {}) => ({ name, namespace: 'default', ...more });
const secret = (name: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: meta(name),
  type: 'Opaque',
  data: { token: Buffer.from('planted').toString('base64') },
  ...more,
});
const of = (object: KubeObject, keepSecrets = false) =>
  rules
    .find(({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind)
    ?.of(object, {
      keepSecrets,
    });

describe('what becomes of an object in a quarantined copy', () => {
  it('takes what was in a Secret, and in what kubectl remembers of it, and leaves the names of its keys', () => {
    const applied = { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"token":"cGxhbnRlZA=="}}' };
    expect(of(secret('a', { metadata: meta('a', { annotations: applied }) }))).toEqual({
      how: 'patch',
      fields: {
        metadata: {
          annotations: {
            [quarantinedAnnotation]: 'withheld',
            'kubectl.kubernetes.io/last-applied-configuration': null,
          },
          finalizers: null,
        },
        data: { token: Buffer.from('withheld').toString('base64') },
      },
    });
  });

  it('makes a Secret anew that may not be changed, and keeps a registry’s one valid', () => {
    const sealed = of(secret('a', { immutable: true }));
    expect(sealed).toMatchObject({ how: 'anew', object: { data: { token: 'd2l0aGhlbGQ=' } } });
    expect(JSON.stringify(sealed)).not.toContain('immutable');
    expect(
      of(secret('a', { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'eyJ4IjoxfQ==' } })),
    ).toMatchObject({ fields: { data: { '.dockerconfigjson': Buffer.from('{}').toString('base64') } } });
  });

  it('leaves Secrets that lead back into the copy only, those that were asked for, and those it has emptied', () => {
    expect(of(secret('a', { type: 'kubernetes.io/service-account-token' }))).toBeUndefined();
    expect(of(secret('a'), true)).toBeUndefined();
    expect(of(secret('a', { metadata: meta('a', { annotations: { [quarantinedAnnotation]: 'withheld' } }) }))).toBe(
      undefined,
    );
  });

  it('takes away what is called from outside the data: webhooks, aggregated APIs, conversions', () => {
    const webhooks = 'admissionregistration.k8s.io/v1';
    for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'])
      expect(of({ apiVersion: webhooks, kind, metadata: { name: 'a' } })).toMatchObject({ how: 'delete' });
    const apis = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'a' } };
    expect(of({ ...apis, spec: { service: { name: 'metrics' } } })).toMatchObject({ how: 'delete' });
    expect(of({ ...apis, spec: {} })).toBeUndefined();
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'a' },
      spec: { conversion: { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://elsewhere' } } } },
    };
    expect(of(crd)).toMatchObject({ fields: { spec: { conversion: { strategy: 'None', webhook: null } } } });
  });
});

describe('a quarantine', () => {
  let rig: SandboxKube;
  let kube: Kube;
  let proof: Proof | undefined;
  beforeEach(async () => {
    proof = undefined;
    rig = await SandboxKube.start();
    // No controller runs in a copy.
    rig.api.stop();
    kube = await rig.client();
  });
  afterEach(() => rig.close());

  const quarantine = async (namespaces: readonly string[]): Promise<void> => {
    const opening: Step<ClusterApi> = {
      id: 'api',
      phase: '',
      target: '',
      text: '',
      needs: [],
      apply: () => Promise.reject(new Error('it is open')),
    };
    const outputs = new Map<unknown, unknown>([[opening, { kube }]]);
    const run = {
      signal,
      progress: () => {},
      output: (step: unknown) => outputs.get(step),
    } as unknown as StepContext;
    const request = {
      keepSecrets: false,
      namespaces,
      proven: (found: Proof) => Promise.resolve(void (proof = found)),
    };
    const context = {
      cluster: { name: 'mirror', id: '1' },
      restore: { quarantine: request },
    } as unknown as Parameters<typeof planQuarantineSteps>[0];
    for (const step of planQuarantineSteps(context, from(opening))) outputs.set(step, await step.apply(run));
  };

  it('leaves nothing that runs or holds something at a provider, and counts all the same; twice is as once', async () => {
    for (const object of [
      secret('token'),
      secret('sealed', { immutable: true }),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: meta('out', { finalizers: ['service.kubernetes.io/load-balancer-cleanup'] }),
        spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'pv', finalizers: ['external-provisioner.volume.kubernetes.io/finalizer'] },
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          persistentVolumeReclaimPolicy: 'Delete',
          csi: { driver: 'csi.example', volumeHandle: '4711' },
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: meta('pod', { finalizers: ['example.com/held'] }),
        spec: { nodeName: 'web-1', containers: [{ name: 'main', image: 'nginx' }] },
      },
    ])
      await kube.create(object, { signal });
    await quarantine(['default', 'kube-system']);
    const first = proof!;
    expect(first.withheld).toBe(2);
    expect(first.objects).toBeGreaterThan(6);
    await quarantine(['default']);
    expect(proof).toEqual({ ...first, withheld: 0 });
    expect(await kube.list('v1', 'Pod', {}, { signal })).toEqual([]);
    const service = await kube.get({ apiVersion: 'v1', kind: 'Service', metadata: meta('out') }, { signal });
    expect(service).toMatchObject({ spec: { type: 'ClusterIP' } });
    expect(service!.metadata['finalizers']).toBeUndefined();
    const volume = await kube.get({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'pv' } }, { signal });
    expect(volume).toMatchObject({ spec: { persistentVolumeReclaimPolicy: 'Retain' } });
    expect(volume!.metadata['finalizers']).toBeUndefined();
  });

  it('ends with COPY_DIFFERS where the API lacks a namespace that the snapshot has', async () => {
    await expect(quarantine(['default', 'shop'])).rejects.toMatchObject({
      code: 'COPY_DIFFERS',
      message: expect.stringContaining('shop') as string,
    });
    expect(proof).toBeUndefined();
  });
});
