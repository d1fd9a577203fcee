import { connect, type NatsConnection } from '@nats-io/transport-node';

import type { ApiServer } from '../../support/conversations.js';
import { ensure, eventually, isReady, kube, list, type Pod, pods, webDeployment } from './kube.js';
import { type RigHost, ssh } from './rig.js';
import { fromRing } from './slipway.js';

/** A volume on a host's disk, as the provisioner of k3s makes them; the hosts' k3s has none of its own. */
const folderOf = (volume: string): string => `/var/lib/ring/${volume}`;
const app = 'keeper';
const claim = 'data';
const natsPort = 30422;
const subject = 'ORDERS.new';
const deployments = '/apis/apps/v1/namespaces/default/deployments';

/** Has a host know the images of what copies data, and of NATS: no registry has them in the rig. */
export const importImages = (host: string): Promise<string> =>
  ssh(host, 'k3s ctr images import - >/dev/null', { file: fromRing('SLIPWAY_E2E_DATA_IMAGES') });

/** A folder on the host's disk that a claim without a volume gets. */
export async function offerVolume(api: ApiServer, host: string, volume: string): Promise<void> {
  await ssh(host, `mkdir -p ${folderOf(volume)}`);
  await ensure(api, '/api/v1/persistentvolumes', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volume },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      local: { path: folderOf(volume) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] }],
        },
      },
    },
  });
}

/** Files of an owner who lets nobody else read them, one of them large enough for several pieces. */
export const writeFiles = (host: string, volume: string): Promise<string> =>
  ssh(
    host,
    `set -e; cd ${folderOf(volume)}; mkdir deep; printf precious >deep/secret; chmod 600 deep/secret; chown 4711:4712 deep deep/secret
     seq 1 500000 >numbers; ln -s numbers link`,
  );
/** What they are: sums, owners, modes, and where the link leads. */
export const filesOf = (host: string, volume: string): Promise<string> =>
  ssh(
    host,
    `cd ${folderOf(volume)}; sha256sum deep/secret numbers; stat -c '%n %u:%g %a' deep deep/secret numbers; readlink link`,
  );

/** A workload that mounts the claim, and a NATS with no volume at all, so that its streams go with its pod. */
export async function runKeepers(api: ApiServer): Promise<void> {
  await ensure(api, '/api/v1/namespaces/default/persistentvolumeclaims', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: claim },
    spec: { storageClassName: '', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
  const deployment = webDeployment(app, 1);
  const { spec } = deployment.spec.template;
  const containers = [{ ...spec.containers[0]!, volumeMounts: [{ name: claim, mountPath: '/data' }] }];
  const volumes = [{ name: claim, persistentVolumeClaim: { claimName: claim } }];
  const template = { ...deployment.spec.template, spec: { ...spec, containers, volumes } };
  await ensure(api, deployments, { ...deployment, spec: { ...deployment.spec, template } });
  await ensure(api, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'nats' } });
  const labels = { 'app.kubernetes.io/name': 'nats', 'app.kubernetes.io/component': 'nats' };
  await ensure(api, '/apis/apps/v1/namespaces/nats/statefulsets', {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'nats' },
    spec: {
      serviceName: 'nats',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'nats',
              image: 'slipway.test/nats:1',
              args: ['--jetstream', '--store_dir', '/data'],
              readinessProbe: { tcpSocket: { port: 4222 }, periodSeconds: 1 },
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
          volumes: [{ name: 'data', emptyDir: {} }],
        },
      },
    },
  });
  await ensure(api, '/api/v1/namespaces/nats/services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'nats' },
    spec: { type: 'NodePort', selector: labels, ports: [{ port: 4222, nodePort: natsPort }] },
  });
}

export const scaleKeeper = async (api: ApiServer, replicas: number): Promise<void> => {
  const metadata = { name: app, namespace: 'default' };
  const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas } };
  await kube(api, 'PUT', `${deployments}/${app}/scale`, scale);
  await eventually(`${replicas} pods of ${app}`, 120, async () => {
    const all = await pods(api, 'default', app);
    return all.length === replicas && all.every(isReady);
  });
};
export const keepersRun = (api: ApiServer): Promise<unknown> =>
  eventually('the workload and NATS are Ready', 120, async () => {
    const all = [...(await pods(api, 'default', app)), ...(await list<Pod>(api, '/api/v1/namespaces/nats/pods'))];
    return all.length === 2 && all.every(isReady);
  });
export const natsRuns = (api: ApiServer): Promise<unknown> =>
  eventually('NATS is Ready', 120, async () => {
    const all = await list<Pod>(api, '/api/v1/namespaces/nats/pods');
    return all.length === 1 && all.every(isReady);
  });

async function withNats<T>(host: RigHost, work: (nats: NatsConnection) => Promise<T>): Promise<T> {
  const nats = await eventually('NATS lets somebody in', 60, () =>
    connect({ servers: `${host.address}:${natsPort}`, reconnect: false }),
  );
  try {
    return await work(nats);
  } finally {
    await nats.close();
  }
}

/** A stream with so many messages in it. */
export const fillStream = (host: RigHost, messages: number): Promise<void> =>
  withNats(host, async (nats) => {
    const stream = { name: 'ORDERS', storage: 'file', subjects: ['ORDERS.*'] };
    await nats.request('$JS.API.STREAM.CREATE.ORDERS', JSON.stringify(stream), { timeout: 20_000 });
    for (let number = 1; number <= messages; number += 1) await nats.request(subject, `order ${number}`);
  });
export const streamsOf = (host: RigHost): Promise<readonly string[]> =>
  withNats(host, async (nats) => {
    const answer = await nats.request('$JS.API.STREAM.NAMES', '{}', { timeout: 20_000 });
    return answer.json<{ readonly streams: readonly string[] | null }>().streams ?? [];
  });
/** The text of one of its messages. */
export const messageOf = (host: RigHost, seq: number): Promise<string> =>
  withNats(host, async (nats) => {
    const answer = await nats.request('$JS.API.STREAM.MSG.GET.ORDERS', JSON.stringify({ seq }), { timeout: 20_000 });
    const { message } = answer.json<{ readonly message?: { readonly data: string } }>();
    return Buffer.from(message?.data ?? '', 'base64').toString();
  });
