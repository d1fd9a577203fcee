import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Cloud } from '../../../../providers/sandbox/hetzner-api/index.js';
import { answered } from '../../../../providers/sandbox/k3s/cloud-client.js';
import { HcloudController } from '../../../../providers/sandbox/k3s/hcloud-controller.js';
import { HcloudVolumes } from '../../../../providers/sandbox/k3s/cloud-volumes.js';
import { KubernetesServer, type Obj } from '../../../../providers/sandbox/kube-api/index.js';
import { defaultProfile } from '../../../../providers/sandbox/profile.js';
import { systemRandom } from '../../../../src/domain/clock.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { readyNode } from '../../../support/sandbox-kube.js';
import { BookkeepingHost } from '../hetzner-api/rig.js';

const token = 'a'.repeat(64);
const graceMs = 40_000;
const evictionMs = 300_000;
const unmountMs = 360_000;
const taint = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };

let clock: ManualClock;
let cloud: Cloud;
let server: KubernetesServer;
/** Nodes whose kubelet is dead. */
let dead: Set<string>;

const kind = (name: string) => {
  const apiVersions: Readonly<Record<string, string>> = {
    Deployment: 'apps/v1',
    StatefulSet: 'apps/v1',
    StorageClass: 'storage.k8s.io/v1',
    VolumeAttachment: 'storage.k8s.io/v1',
  };
  return server.store.resource(apiVersions[name] ?? 'v1', name);
};
const put = (object: Obj): void => void server.store.create(kind(object.kind), object);
const node = (name: string) => server.store.find(kind('Node'), '', name);
const pod = () => server.store.find(kind('Pod'), 'default', 'data-0');
const isReady = (): boolean =>
  (pod()?.status?.['conditions'] as { type: string; status: string }[] | undefined)?.some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  ) === true;
const where = (): unknown => pod()?.spec?.['nodeName'];
const attachedTo = (): readonly unknown[] =>
  server.store.list(kind('VolumeAttachment'), '').map(({ spec }) => spec?.['nodeName']);
const call = <T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): T =>
  answered<T>(cloud.call({ method, path, token, body }));

/** Kubelets say that they live, as often as real ones. */
function beat(name: string): void {
  if (dead.has(name)) return;
  server.nodeHeartbeat(name);
  clock.after(graceMs / 4, () => beat(name));
}

/** A controller on the first node, as its chart has it. */
function serve(name: string, app: string): void {
  const labels = { 'app.kubernetes.io/name': app, 'app.kubernetes.io/component': 'controller' };
  const env = [{ name: 'HCLOUD_TOKEN', value: token }];
  put({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'kube-system' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { affinity: onNode('In', 'n1'), containers: [{ name: 'main', image: 'program', env }] },
      },
    },
  });
}

const onNode = (operator: 'In' | 'NotIn', name: string) => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator, values: [name] }] }],
    },
  },
});

/** Three nodes on servers of the cloud; a pod with a volume on the second, the controllers on the first. */
beforeEach(async () => {
  clock = new ManualClock();
  dead = new Set();
  cloud = new Cloud({
    profile: defaultProfile,
    clock,
    host: new BookkeepingHost(),
    probe: { listening: () => false },
    tokens: [{ token, access: 'read-write' }],
    random: systemRandom,
  });
  let controller: HcloudController | undefined;
  server = new KubernetesServer({
    version: 'v1.36.5+k3s1',
    clock,
    podStartMs: 1_000,
    podStopMs: 1_000,
    nodeLostMs: graceMs,
    ids: randomUUID,
    kubeletLives: (name) => !dead.has(name),
    programs: (own) => [
      (controller = new HcloudController(
        () => own.controllers.cluster,
        (given, method, path, body) => cloud.call({ token: given, method, path, body }),
      )),
    ],
  });
  const driver = new HcloudVolumes(server.controllers.cluster, (given, method, path, body) =>
    cloud.call({ token: given, method, path, body }),
  );
  server.controllers.cluster.volumeDrivers.push(driver);
  server.store.watch((change) => {
    controller?.seen(change);
    driver.seen(change);
  });
  server.start();
  for (const name of ['n1', 'n2', 'n3']) {
    const made = call<{ server: { id: number } }>('POST', '/servers', {
      name,
      server_type: 'cx23',
      image: 'ubuntu-24.04',
      location: 'fsn1',
    });
    put({
      ...(readyNode(name) as unknown as Obj),
      spec: {
        providerID: `hcloud://${made.server.id}`,
        ...(name === 'n3' ? { unschedulable: true } : {}),
      },
    });
    beat(name);
  }
  await clock.pass(60_000);
  serve('hcloud-csi-controller', 'hcloud-csi');
  serve('hcloud-cloud-controller-manager', 'hcloud-cloud-controller-manager');
  put({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name: 'hcloud-volumes',
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: 'csi.hetzner.cloud',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  put({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: {
      storageClassName: 'hcloud-volumes',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '10Gi' } },
    },
  });
  put({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'data', namespace: 'default' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'data' } },
      template: {
        metadata: { labels: { app: 'data' } },
        spec: {
          affinity: onNode('NotIn', 'n1'),
          containers: [{ name: 'main', image: 'nginx' }],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
        },
      },
    },
  });
  await clock.pass(60_000);
  expect([isReady(), where(), attachedTo()]).toEqual([true, 'n2', ['n2']]);
  // From here on the third node is where the pod may go.
  server.store.change(kind('Node'), '', 'n3', (one) => void delete one.spec!['unschedulable']);
});
afterEach(() => server.stop());

const powerOff = async (name: string): Promise<void> => {
  const [{ id }] = call<{ servers: [{ id: number }] }>('GET', `/servers?name=${name}`).servers;
  dead.add(name);
  call('POST', `/servers/${id}/actions/poweroff`);
  await clock.pass(5_000);
};
const deleteServer = async (name: string): Promise<void> => {
  const [{ id }] = call<{ servers: [{ id: number }] }>('GET', `/servers?name=${name}`).servers;
  dead.add(name);
  call('DELETE', `/servers/${id}`);
  await clock.pass(5_000);
};
const markOutOfService = (name: string): void =>
  void server.store.change(kind('Node'), '', name, (one) => {
    one.spec = { ...one.spec, taints: [...((one.spec?.['taints'] ?? []) as unknown[]), taint] };
  });
const deleteUnasked = (): void => void server.store.remove(server.store.resource('v1', 'Pod'), 'default', 'data-0');

describe('a node whose server lost its power', () => {
  it('keeps its pods for five minutes, has them on their way out for ever, and the volume with them', async () => {
    await powerOff('n2');
    await clock.pass(graceMs + evictionMs - 10_000);
    expect(pod()?.metadata.deletionTimestamp).toBeUndefined();
    await clock.pass(20_000);
    expect(pod()?.metadata.deletionTimestamp).toBeDefined();
    await clock.pass(10 * unmountMs);
    expect([where(), attachedTo()]).toEqual(['n2', ['n2']]);
  });

  it('gives up the volume six minutes after its pod was deleted without asking the kubelet', async () => {
    await powerOff('n2');
    await clock.pass(graceMs);
    deleteUnasked();
    await clock.pass(unmountMs - 10_000);
    expect([where(), attachedTo(), isReady()]).toEqual(['n3', ['n2'], false]);
    await clock.pass(30_000);
    expect([attachedTo(), isReady()]).toEqual([['n3'], true]);
  });

  it('gives up the volume at once where it is marked as out of service', async () => {
    await powerOff('n2');
    markOutOfService('n2');
    deleteUnasked();
    await clock.pass(20_000);
    expect([attachedTo(), isReady(), where()]).toEqual([['n3'], true, 'n3']);
  });

  it('has its pods deleted by the marks only once it is not Ready, within 20 s', async () => {
    await powerOff('n2');
    markOutOfService('n2');
    await clock.pass(graceMs - 20_000);
    expect(where()).toBe('n2');
    await clock.pass(50_000);
    expect([where(), isReady()]).toEqual(['n3', true]);
  });
});

describe('a node whose server is deleted', () => {
  it('is deleted by the cloud controller once it is not Ready, and then the six minutes run in full', async () => {
    await deleteServer('n2');
    await clock.pass(graceMs - 10_000);
    expect(node('n2')).toBeDefined();
    await clock.pass(20_000);
    expect(node('n2')).toBeUndefined();
    // Orphaned pods are deleted after a quarantine.
    expect(where()).toBe('n2');
    await clock.pass(80_000);
    expect([where(), attachedTo(), isReady()]).toEqual(['n3', ['n2'], false]);
    await clock.pass(unmountMs - 100_000);
    expect(isReady()).toBe(false);
    await clock.pass(120_000);
    expect([attachedTo(), isReady()]).toEqual([['n3'], true]);
  });

  it('gives up its volume within a minute where its VolumeAttachment is deleted', async () => {
    await deleteServer('n2');
    await clock.pass(graceMs + 10_000);
    deleteUnasked();
    await clock.pass(2_000);
    const [attachment] = server.store.list(kind('VolumeAttachment'), '');
    server.store.remove(kind('VolumeAttachment'), '', attachment!.metadata.name);
    await clock.pass(30_000);
    expect(isReady()).toBe(false);
    await clock.pass(40_000);
    expect([attachedTo(), isReady()]).toEqual([['n3'], true]);
  });

  it('is deleted although another server has its name by now', async () => {
    await deleteServer('n2');
    call('POST', '/servers', { name: 'n2', server_type: 'cx23', image: 'ubuntu-24.04', location: 'fsn1' });
    await clock.pass(graceMs + 10_000);
    expect(node('n2')).toBeUndefined();
  });
});
