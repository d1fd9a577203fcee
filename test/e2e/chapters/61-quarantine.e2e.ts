import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';

import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';

import { chapter, noted, tellLastWords, took } from '../support/chapter.js';
import { configMaps, ensure, eventually, kube, list, type Named, pods, webDeployment, whole } from '../support/kube.js';
import { type Counted, countedDns, countedS3 } from '../support/counted.js';
import { createHosts, destroyHosts, type RigHost, ssh } from '../support/rig.js';
import { listed, ringFile, Slipway } from '../support/slipway.js';
import { type S3Server, versitygw } from '../../support/s3-servers.js';

const octets = { q1: 105, q2: 106 };
const webhooks = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const namespaced = (group: string, kind: string, name = ''): string =>
  `/apis/${group}/namespaces/default/${kind}${name === '' ? '' : `/${name}`}`;

interface Copied {
  readonly tookMs: number;
  readonly dataAgeMs: number;
  readonly proof: { readonly objects: number; readonly kinds: number; readonly withheld: number };
}

/** A copy of a cluster beside it, in which nothing that is in the data acts on anything. */
describe('a quarantined copy beside the living cluster', () => {
  const step = chapter();
  const slipway = new Slipway();
  const callers: string[] = [];
  let hosts: Map<string, RigHost>;
  let listener: Server;
  let bucket: S3Server | undefined;
  let s3: Counted | undefined;
  let dns: Counted;

  beforeAll(async () => {
    hosts = await createHosts(octets);
    bucket = await versitygw();
    // All that anybody writes there passes by, the command line itself among it.
    s3 = bucket && (await countedS3(bucket.endpoint));
    if (bucket) Object.assign(slipway.env, bucket.env, { AWS_ENDPOINT_URL: `http://127.0.0.1:${s3!.port}` });
    dns = await countedDns();
    listener = createServer((socket) => {
      callers.push(socket.remoteAddress!.replace('::ffff:', ''));
      socket.destroy();
    }).listen(0, '0.0.0.0');
  });
  afterEach(tellLastWords(() => hosts.keys()));
  afterAll(async () => {
    await destroyHosts(...Object.keys(octets));
    await s3?.close();
    await dns?.close();
    await bucket?.close();
    listener?.close();
    slipway.close();
  });

  /** How often a host called what a webhook in its cluster names. */
  const callsOf = (name: string): number => callers.filter((address) => address === hosts.get(name)!.address).length;
  /** How often a host's pods wrote to names and objects elsewhere, with the token that is in their cluster. */
  const writesOf = (name: string): { readonly dns: number; readonly s3: number } => {
    const by = (server: Counted | undefined): number =>
      (server?.writes(hosts.get(name)!.address) ?? []).filter(
        ({ bearer }) => bearer === 'Bearer planted-provider-token',
      ).length;
    return { dns: by(dns), s3: by(s3) };
  };
  /** Writes to the bucket by whatever runs on this computer: the command line. */
  const ownWrites = (): number => (s3?.writes('127.0.0.1') ?? []).length;
  /** Objects of the bucket with what is in them. */
  const inBucket = async (): Promise<string> => {
    if (!bucket) return '';
    const { out } = await slipway.done(['backup', 'list', 'lone', '--json']);
    return createHash('sha256')
      .update(JSON.stringify((JSON.parse(out) as { backups: { id: string }[] }).backups.map(({ id }) => id)))
      .digest('hex');
  };
  /** Keeps names at a DNS provider and objects in the bucket up to date, as external-dns and backups within a cluster do. */
  const writer = (gateway: string) => {
    const deployment = webDeployment('writer', 1);
    const { spec } = deployment.spec.template;
    const urls = [
      `http://${gateway}:${dns.port}/zones/ring.test/rrsets`,
      ...(s3 ? [`http://${gateway}:${s3.port}/x/y`] : []),
    ];
    const { readinessProbe: _, ...container } = spec.containers[0]!;
    const env = [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'token', key: 'token' } } }];
    const containers = [{ ...container, args: ['writes', 'PATCH', ...urls], env }];
    return {
      ...deployment,
      spec: { ...deployment.spec, template: { ...deployment.spec.template, spec: { ...spec, containers } } },
    };
  };
  /** What the host of the living cluster has of its configuration, claim and certificates. */
  const ofHost = (): Promise<string> =>
    ssh(
      'q1',
      'find /etc/rancher /var/lib/slipway /etc/systemd/system/k3s.service /var/lib/rancher/k3s/server/tls -type f | sort | xargs sha256sum',
    );

  step(
    'is made of the backup of one with a webhook outside it, balancers, volumes, workloads and secrets',
    12,
    async () => {
      const gateway = hosts.get('q1')!.address.replace(/\.\d+$/, '.1');
      const place = bucket ? `s3://${await bucket.bucket()}/backups` : undefined;
      slipway.write(
        ringFile(
          'lone',
          [...hosts.values()].map((host) => listed(host, { type: 'server' })),
          {
            controlPlane: { count: 1, type: 'server' },
            ...(place === undefined ? {} : { backup: { to: place } }),
          },
        ),
      );
      await slipway.done(['cluster', 'create', '-f', slipway.file, '--yes']);
      const api = await slipway.api('lone');
      await whole(api, { nodes: 1, voters: 1 });
      await ensure(api, namespaced('apps/v1', 'deployments'), webDeployment('web', 1));
      await ensure(api, namespaced('batch/v1', 'cronjobs'), {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'every-minute' },
        spec: {
          schedule: '* * * * *',
          jobTemplate: {
            spec: {
              template: {
                spec: {
                  restartPolicy: 'Never',
                  containers: [{ name: 'job', image: 'slipway.test/web:1', args: ['job'], imagePullPolicy: 'Never' }],
                },
              },
            },
          },
        },
      });
      await ensure(api, '/api/v1/namespaces/default/services', {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'out', finalizers: ['service.kubernetes.io/load-balancer-cleanup'] },
        spec: { type: 'LoadBalancer', loadBalancerClass: 'ring.test/none', ports: [{ port: 80 }] },
      });
      await ensure(api, '/api/v1/persistentvolumes', {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'kept', finalizers: ['external-provisioner.volume.kubernetes.io/finalizer'] },
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          persistentVolumeReclaimPolicy: 'Delete',
          csi: { driver: 'csi.ring.test', volumeHandle: '4711' },
        },
      });
      await ensure(api, '/api/v1/namespaces/default/secrets', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'token' },
        stringData: { token: 'planted-provider-token' },
      });
      await ensure(api, namespaced('apps/v1', 'deployments'), writer(gateway));
      await ensure(api, '/api/v1/namespaces/default/secrets', {
        apiVersion: 'v1',
        kind: 'Secret',
        immutable: true,
        metadata: { name: 'sealed' },
        stringData: { token: 'planted-provider-token' },
      });
      await ensure(api, webhooks, {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'outside' },
        webhooks: [
          {
            name: 'outside.ring.test',
            clientConfig: { url: `https://${gateway}:${(listener.address() as { port: number }).port}/` },
            rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }],
            failurePolicy: 'Ignore',
            timeoutSeconds: 1,
            sideEffects: 'None',
            admissionReviewVersions: ['v1'],
          },
        ],
      });
      await eventually('the webhook of the living cluster is called', 60, async () => {
        await ensure(api, configMaps, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: `asked-${callers.length}-${Date.now()}` },
        });
        return callsOf('q1') > 0;
      });
      await eventually('the living cluster writes to DNS and S3', 60, () =>
        Promise.resolve(writesOf('q1').dns > 0 && (!s3 || writesOf('q1').s3 > 0)),
      );
      await slipway.done(['backup', 'create', 'lone']);
    },
  );

  step('answers, and has called nobody and changed nothing of the living one', 10, async () => {
    const before = { host: await ofHost(), bucket: await inBucket(), own: ownWrites(), living: writesOf('q1') };
    const { out } = await slipway.done(['cluster', 'restore', 'lone', '--as', 'mirror', '--yes', '--json']);
    const { tookMs, dataAgeMs, proof } = JSON.parse(out) as Copied;
    took('a quarantined copy: from its first step until it is counted', tookMs);
    noted(`${proof.objects} objects of ${proof.kinds} kinds`, `are in it, ${Math.round(dataAgeMs / 1000)} s old`);
    const copy = await slipway.api('mirror');
    expect(await list<Named>(copy, '/api/v1/nodes')).toEqual([]);
    expect(await pods(copy, 'default', 'web')).toEqual([]);
    expect(await kube(copy, 'GET', '/api/v1/namespaces/default/services/out')).toMatchObject({
      metadata: expect.not.objectContaining({ finalizers: expect.anything() as unknown }) as object,
      spec: { type: 'ClusterIP' },
    });
    expect(await kube(copy, 'GET', '/api/v1/persistentvolumes/kept')).toMatchObject({
      spec: { persistentVolumeReclaimPolicy: 'Retain' },
    });
    const secrets = JSON.stringify(await kube(copy, 'GET', '/api/v1/secrets'));
    expect(secrets).not.toContain(Buffer.from('planted-provider-token').toString('base64'));
    expect(await list<Named>(copy, webhooks)).toEqual([]);
    // A minute and more, so that a controller would have made a job.
    const jobs = async (): Promise<string[]> =>
      (await list<Named>(copy, namespaced('batch/v1', 'jobs'))).map(({ metadata }) => metadata.name).sort();
    const then = await jobs();
    const minute = Math.floor(Date.now() / 60_000);
    await eventually('the next minute but one', 130, () =>
      Promise.resolve(Math.floor(Date.now() / 60_000) > minute + 1),
    );
    expect(await jobs()).toEqual(then);
    await kube(copy, 'DELETE', '/api/v1/persistentvolumes/kept');
    await kube(copy, 'DELETE', '/api/v1/namespaces/default/services/out');
    expect(callsOf('q2')).toBe(0);
    // The living one has gone on writing all the time, so that what the copy wrote would have been counted.
    expect(writesOf('q1').dns).toBeGreaterThan(before.living.dns);
    expect([writesOf('q2'), ownWrites()]).toEqual([{ dns: 0, s3: 0 }, before.own]);
    noted(
      `${writesOf('q1').dns} and ${writesOf('q1').s3}`,
      'writes of the living cluster to DNS and S3; of its copy none',
    );
    expect({ host: await ofHost(), bucket: await inBucket() }).toEqual({ host: before.host, bucket: before.bucket });
    const processes = await ssh('q2', 'ps -eo args');
    expect(processes).not.toMatch(/containerd-shim|flannel/);
    expect(await kube(await slipway.api('lone'), 'GET', '/api/v1/persistentvolumes/kept')).toMatchObject({
      spec: { persistentVolumeReclaimPolicy: 'Delete' },
    });
    await whole(await slipway.api('lone'), { nodes: 1, voters: 1 });
  });

  step('is deleted, and a drill does all of that by itself and says so', 10, async () => {
    const before = { host: await ofHost(), bucket: await inBucket() };
    const own = ownWrites();
    await slipway.done(['cluster', 'delete', 'mirror', '--yes', '--confirm', 'mirror']);
    const { out, ms } = await slipway.done(['backup', 'drill', 'lone', '--json']);
    const { drill } = JSON.parse(out) as { drill: Copied };
    took('a drill: from the command to its end, with the copy deleted again', ms);
    took('a drill: until the restored data were counted', drill.tookMs);
    expect(callsOf('q2')).toBe(0);
    expect([writesOf('q2'), ownWrites()]).toEqual([{ dns: 0, s3: 0 }, own]);
    expect({ host: await ofHost(), bucket: await inBucket() }).toEqual(before);
    expect(
      await ssh('q2', 'ls /var/lib/rancher /etc/rancher 2>/dev/null; systemctl is-active k3s || true'),
    ).not.toContain('\nactive');
    const status = await slipway.done(['cluster', 'status', 'lone']);
    expect(status.out).toMatch(/last proven restore: \d+ \w+ ago, data \d+ \w+ old, took \d+ \w+/);
    await whole(await slipway.api('lone'), { nodes: 1, voters: 1 });
  });
});
