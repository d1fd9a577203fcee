import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { conditionIs, HelmRig, ready } from './rig.js';

const traefik = {
  chart: 'traefik',
  repo: 'https://traefik.github.io/charts',
  version: '41.3.0',
  targetNamespace: 'traefik',
};
let rig: HelmRig;
beforeEach(() => {
  rig = new HelmRig();
  rig.namespace('traefik');
});
afterEach(() => rig.stop());

const done = (name: string) => expect.poll(() => conditionIs(rig.job(name), 'Complete')).toBe('True');
const gaveUp = (name: string) => expect.poll(() => conditionIs(rig.job(name), 'Failed')).toBe('True');
const workload = () => rig.get('apps/v1', 'Deployment', 'traefik', 'traefik');
const install = async (more: Record<string, unknown> = {}): Promise<void> => {
  rig.chart('traefik', { ...traefik, ...more });
  await expect.poll(() => rig.revisions('traefik', 'traefik').at(-1)).toMatch(/deployed/);
  await done('traefik');
};

describe('the helm controller', () => {
  it('installs a chart by a job, and says which', async () => {
    await install({ valuesContent: 'deployment: {replicas: 2}\n' });
    const chart = rig.get('helm.cattle.io/v1', 'HelmChart', 'kube-system', 'traefik');
    expect(chart?.status).toMatchObject({ jobName: 'helm-install-traefik' });
    expect([conditionIs(chart, 'JobCreated'), conditionIs(chart, 'Failed')]).toEqual(['True', 'False']);
    expect(rig.revisions('traefik', 'traefik')).toEqual(['1 deployed']);
    await expect.poll(() => ready(workload())).toBe(2);
    expect(rig.log('traefik')).toContain('STATUS: deployed');
  });

  it('upgrades when the spec changes, by another job, and takes out what is no longer made', async () => {
    await install({ valuesContent: 'podDisruptionBudget: {enabled: true, maxUnavailable: 1}\n' });
    const first = rig.job('traefik')?.metadata.uid;
    expect(rig.inventory()).toContain('PodDisruptionBudget traefik/traefik');
    await install({ valuesContent: 'deployment: {replicas: 3}\n' });
    await expect.poll(() => rig.revisions('traefik', 'traefik')).toEqual(['1 superseded', '2 deployed']);
    expect(rig.job('traefik')?.metadata.uid).not.toBe(first);
    expect(rig.inventory()).not.toContain('PodDisruptionBudget traefik/traefik');
    await expect.poll(() => ready(workload())).toBe(3);
  });

  it('writes a time back as Go does, whether the chart is new or known', async () => {
    const timeout = () => {
      const spec = rig.get('helm.cattle.io/v1', 'HelmChart', 'kube-system', 'traefik')?.spec as { timeout?: string };
      return spec.timeout;
    };
    await install({ timeout: '5m' });
    expect(timeout()).toBe('5m0s');
    const job = rig.job('traefik')?.metadata.uid;
    rig.chart('traefik', { ...traefik, timeout: '300s' });
    await expect.poll(timeout).toBe('5m0s');
    expect(rig.job('traefik')?.metadata.uid).toBe(job);
  });

  it('makes no other job when only the number of tries changes', async () => {
    await install();
    const first = rig.job('traefik')?.metadata.uid;
    rig.chart('traefik', { ...traefik, backOffLimit: 5 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(rig.job('traefik')?.metadata.uid).toBe(first);
  });

  it('uninstalls exactly what the release made, and keeps its kinds', async () => {
    await install();
    const own = rig.inventory().length;
    expect(own).toBeGreaterThan(4);
    rig.server.store.delete(rig.server.store.resource('helm.cattle.io/v1', 'HelmChart'), 'kube-system', 'traefik');
    await expect.poll(() => rig.get('helm.cattle.io/v1', 'HelmChart', 'kube-system', 'traefik')).toBeUndefined();
    expect(rig.inventory()).toEqual([]);
    expect(rig.revisions('traefik', 'traefik')).toEqual([]);
    expect(
      rig.get('apiextensions.k8s.io/v1', 'CustomResourceDefinition', '', 'ingressroutes.traefik.io'),
    ).toBeDefined();
    expect(rig.get('v1', 'Secret', 'kube-system', 'chart-values-traefik')).toBeUndefined();
    await expect.poll(() => rig.all('v1', 'Pod', 'traefik')).toEqual([]);
  });

  it('refuses in helm’s words what is not there to be had', async () => {
    rig.chart('traefik', { ...traefik, version: '77.0.0' });
    await expect
      .poll(() => rig.log('traefik'))
      .toContain(
        `Error: INSTALLATION FAILED: chart "traefik" matching 77.0.0 not found in traefik index. (try 'helm repo update'): no chart version found for traefik-77.0.0`,
      );
    await gaveUp('traefik');
    await expect
      .poll(() => conditionIs(rig.get('helm.cattle.io/v1', 'HelmChart', 'kube-system', 'traefik'), 'Failed'))
      .toBe('True');
    expect(rig.revisions('traefik', 'traefik')).toEqual([]);
  });

  it('refuses kinds that are not served, namespaces that are not there, and what belongs to others', async () => {
    rig.chart('traefik', { ...traefik, valuesContent: 'metrics: {prometheus: {serviceMonitor: {enabled: true}}}\n' });
    await expect
      .poll(() => rig.log('traefik'))
      .toContain('no matches for kind "ServiceMonitor" in version "monitoring.coreos.com/v1"');
    rig.chart('nats', {
      chart: 'nats',
      repo: 'https://nats-io.github.io/k8s/helm/charts/',
      version: '2.14.2',
      targetNamespace: 'nats',
    });
    await expect.poll(() => rig.log('nats')).toContain('namespaces "nats" not found');
    rig.namespace('edge');
    rig.put({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'edge-traefik', namespace: 'edge' } });
    rig.chart('edge', { ...traefik, targetNamespace: 'edge' });
    await expect
      .poll(() => rig.log('edge'))
      .toContain('exists and cannot be imported into the current release: invalid ownership metadata');
    rig.chart('edge', { ...traefik, targetNamespace: 'edge', takeOwnership: true });
    await expect.poll(() => rig.revisions('edge', 'edge')).toEqual(['1 deployed']);
  });

  it('never touches a release that failed before, and tells it only in its later attempts', async () => {
    rig.faults.order({ traefik: { fail: 'timed out waiting for the condition', times: 1 } });
    rig.chart('traefik', traefik);
    await expect
      .poll(() => rig.log('traefik'))
      .toContain('Error: INSTALLATION FAILED: timed out waiting for the condition');
    await expect
      .poll(() => rig.log('traefik'))
      .toContain('Current release revision 1 does not match expected revision 0');
    await gaveUp('traefik');
    expect(rig.revisions('traefik', 'traefik')).toEqual(['1 failed']);
    expect(workload()).toBeUndefined();
  });

  it('begins anew once the record of the failed release and its job are gone', async () => {
    rig.faults.order({ traefik: { fail: 'timeout', times: 1 } });
    rig.chart('traefik', traefik);
    await gaveUp('traefik');
    const { store } = rig.server;
    rig.server.controllers.delete(rig.job('traefik')!, 'Background');
    store.remove(store.resource('v1', 'Secret'), 'traefik', 'sh.helm.release.v1.traefik.v1');
    await expect.poll(() => rig.revisions('traefik', 'traefik')).toEqual(['1 deployed']);
  });

  it('installs again what is pending when its policy says so', async () => {
    rig.faults.order({ traefik: { fail: 'killed', times: 1 } });
    rig.chart('traefik', { ...traefik, failurePolicy: 'reinstall' });
    await expect.poll(() => rig.revisions('traefik', 'traefik')).toEqual(['1 pending-install']);
    await expect.poll(() => rig.revisions('traefik', 'traefik')).toEqual(['1 deployed']);
  });

  it('makes a job anew that somebody deleted', async () => {
    await install();
    const first = rig.job('traefik')!;
    rig.server.controllers.delete(first, 'Background');
    await expect.poll(() => rig.job('traefik')?.metadata.uid).not.toBe(first.metadata.uid);
    await expect.poll(() => rig.revisions('traefik', 'traefik')).toEqual(['1 superseded', '2 deployed']);
  });
});

describe('workloads of charts', () => {
  it('wait for their Secrets', async () => {
    const spec = { chart: 'hcloud-cloud-controller-manager', repo: 'https://charts.hetzner.cloud', version: '1.35.0' };
    rig.chart('hcloud-cloud-controller-manager', { ...spec, targetNamespace: 'kube-system', bootstrap: true });
    const reason = (): unknown =>
      (
        rig.all('v1', 'Pod', 'kube-system').find(({ metadata }) => metadata.name.startsWith('hcloud-cloud-c'))
          ?.status?.['containerStatuses'] as { state: { waiting?: { message: string } } }[] | undefined
      )?.[0]?.state.waiting?.message;
    await expect.poll(reason).toBe('secret "hcloud" not found');
    const data = { token: 'eA==', network: 'eA==' };
    rig.put({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hcloud', namespace: 'kube-system' }, data });
    await expect
      .poll(() => ready(rig.get('apps/v1', 'Deployment', 'kube-system', 'hcloud-cloud-controller-manager')), {
        timeout: 4_000,
      })
      .toBe(1);
  });

  it('get volumes of the class they ask for, and ask nodes for what their values say', async () => {
    rig.namespace('nats');
    const values =
      'config: {cluster: {enabled: true, replicas: 3}, jetstream: {enabled: true, fileStore: {pvc: {size: 20Gi}}}}\ncontainer: {resources: {requests: {cpu: 100m}}}\n';
    rig.chart('nats', {
      chart: 'nats',
      repo: 'https://nats-io.github.io/k8s/helm/charts/',
      version: '2.14.2',
      targetNamespace: 'nats',
      valuesContent: values,
    });
    await expect.poll(() => ready(rig.get('apps/v1', 'StatefulSet', 'nats', 'nats'))).toBe(3);
    expect(
      rig
        .all('v1', 'PersistentVolumeClaim', 'nats')
        .map(({ metadata, status }) => `${metadata.name} ${String(status?.['phase'])}`),
    ).toEqual(['nats-js-nats-0 Bound', 'nats-js-nats-1 Bound', 'nats-js-nats-2 Bound']);
    const servers = rig.all('v1', 'Pod', 'nats').filter(({ metadata }) => /^nats-\d$/.test(metadata.name));
    expect(servers).toHaveLength(3);
    for (const { spec } of servers)
      expect(spec).toMatchObject({ containers: [{ resources: { requests: { cpu: '100m' } } }] });
  });

  it('become Ready with their operator, one after the other', async () => {
    rig.namespace('cert-manager');
    rig.chart('cert-manager', {
      chart: 'oci://quay.io/jetstack/charts/cert-manager',
      version: 'v1.21.2',
      targetNamespace: 'cert-manager',
      valuesContent: 'crds: {enabled: true}\n',
    });
    await expect.poll(() => ready(rig.get('apps/v1', 'Deployment', 'cert-manager', 'cert-manager-webhook'))).toBe(1);
    const certificate = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'wildcard', namespace: 'traefik' },
    };
    rig.put({
      ...certificate,
      spec: { secretName: 'wildcard-tls', issuerRef: { kind: 'ClusterIssuer', name: 'letsencrypt' } },
    });
    await expect
      .poll(() => conditionIs(rig.get('cert-manager.io/v1', 'Certificate', 'traefik', 'wildcard'), 'Ready'))
      .toBe('False');
    rig.put({ apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name: 'letsencrypt' }, spec: {} });
    await expect
      .poll(() => conditionIs(rig.get('cert-manager.io/v1', 'Certificate', 'traefik', 'wildcard'), 'Ready'))
      .toBe('True');
    expect(rig.get('v1', 'Secret', 'traefik', 'wildcard-tls')?.['type']).toBe('kubernetes.io/tls');
  });
});
