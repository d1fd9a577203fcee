import { randomUUID } from 'node:crypto';

import { afterEach, describe, expect, it } from 'vitest';

import { shownStatus } from '../../../../providers/sandbox/kube-api/printing/pod-summary.js';
import { outcomeOf } from '../../../../providers/sandbox/kube-api/containers/commands.js';
import { imageProblem } from '../../../../providers/sandbox/kube-api/containers/image-names.js';
import { KubernetesServer, type Obj } from '../../../../providers/sandbox/kube-api/index.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { readyNode } from '../../../support/sandbox-kube.js';

const behavior = 'sandbox.slipway.dev/behavior';
const startMs = 1_000;
let clock = new ManualClock();
let server: KubernetesServer;
const made: KubernetesServer[] = [];

afterEach(() => {
  for (const one of made.splice(0)) one.stop();
});

function boot(from?: KubernetesServer): void {
  clock = from ? clock : new ManualClock();
  const next = new KubernetesServer({
    version: 'v1.36.5+k3s1',
    clock,
    podStartMs: startMs,
    podStopMs: 1_000,
    nodeLostMs: 1e9,
    ids: randomUUID,
  });
  if (from) next.restore(structuredClone(from.snapshot()));
  next.start();
  if (!from) next.store.create(next.store.resource('v1', 'Node'), readyNode('n1') as unknown as Obj);
  made.push(next);
  server = next;
}

const read = (kind = 'Pod', name = 'web', apiVersion = 'v1'): Obj =>
  server.store.get(server.store.resource(apiVersion, kind), 'default', name);

interface Form {
  readonly container?: Record<string, unknown>;
  readonly spec?: Record<string, unknown>;
  readonly behavior?: string;
}

/** The pod `web` some milliseconds after it was made. */
async function podAfter(ms: number, form: Form): Promise<Obj> {
  boot();
  server.store.create(server.store.resource('v1', 'Pod'), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      namespace: 'default',
      ...(form.behavior === undefined ? {} : { annotations: { [behavior]: form.behavior } }),
    },
    spec: { containers: [{ name: 'main', image: 'nginx:1.29', ...form.container }], ...form.spec },
    status: { phase: 'Pending' },
  });
  await clock.pass(ms);
  return read();
}

const isReady = ({ status }: Obj): boolean =>
  (status?.['conditions'] as { type: string; status: string }[]).some(
    (condition) => condition.type === 'Ready' && condition.status === 'True',
  );
const restarts = ({ status }: Obj): number =>
  (status?.['containerStatuses'] as { restartCount: number }[])[0]!.restartCount;
const events = (): string[] =>
  server.store
    .peek(server.store.resource('v1', 'Event'))
    .filter(({ type }) => type === 'Warning')
    .map(({ reason, message }) => `${String(reason)}: ${String(message)}`);

const failing = { httpGet: { port: 9999, path: '/healthz' } };
const ports = [{ name: 'http', containerPort: 80 }];

const cases: readonly (Form & { title: string; status: string; ready?: boolean; restarts?: number; after?: number })[] =
  [
    { title: 'serves when nothing speaks against it', status: 'Running', ready: true },
    { title: 'cannot start an image whose name is none', container: { image: 'Nginx:1' }, status: 'InvalidImageName' },
    {
      title: 'cannot pull from a registry that cannot exist',
      container: { image: 'registry.invalid/web:1' },
      status: 'ImagePullBackOff',
    },
    {
      title: 'crashes again and again when its command fails',
      container: { command: ['false'] },
      status: 'CrashLoopBackOff',
      after: 45_000,
      restarts: 2,
    },
    {
      title: 'is restarted when its command ends well',
      container: { command: ['sh', '-c', 'echo hello; exit 0'] },
      status: 'CrashLoopBackOff',
      after: 12_000,
      restarts: 1,
    },
    {
      title: 'is Completed when its command ends well and nobody restarts it',
      container: { command: ['true'] },
      spec: { restartPolicy: 'Never' },
      status: 'Completed',
    },
    {
      title: 'is in Error when its command fails and nobody restarts it',
      container: { command: ['sh', '-c', 'exit 3'] },
      spec: { restartPolicy: 'Never' },
      status: 'Error',
    },
    {
      title: 'is never ready when its readiness probe asks a port that nobody declares',
      container: { ports, readinessProbe: failing },
      status: 'Running',
    },
    {
      title: 'is ready when its probes ask a declared port',
      container: { ports, readinessProbe: { httpGet: { port: 'http' } }, livenessProbe: { tcpSocket: { port: 80 } } },
      status: 'Running',
      ready: true,
    },
    {
      title: 'is ready after the delay of its readiness probe only',
      container: { ports, readinessProbe: { httpGet: { port: 80 }, initialDelaySeconds: 60 } },
      status: 'Running',
    },
    {
      title: 'is killed when its liveness probe fails three times',
      container: { ports, livenessProbe: failing },
      status: 'CrashLoopBackOff',
      after: 33_000,
    },
    {
      title: 'is killed when its liveness command fails',
      container: { livenessProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 } },
      status: 'CrashLoopBackOff',
      after: 5_000,
    },
    {
      title: 'serves by annotation whatever its command says',
      behavior: 'serve',
      container: { command: ['false'] },
      status: 'Running',
      ready: true,
    },
    { title: 'fails at once by annotation', behavior: 'fail', status: 'CrashLoopBackOff', after: 3_000 },
    { title: 'crashes after a while by annotation', behavior: 'crash', status: 'CrashLoopBackOff', after: 8_000 },
    { title: 'does not become ready by annotation', behavior: 'not-ready', status: 'Running' },
    { title: 'gets no image by annotation', behavior: 'no-image', status: 'ImagePullBackOff' },
    {
      title: 'waits for an init container that never ends',
      spec: {
        initContainers: [{ name: 'wait', image: 'busybox', command: ['sh', '-c', 'echo waiting; sleep infinity'] }],
      },
      status: 'Init:0/1',
      after: 600_000,
    },
    {
      title: 'waits for an init container that fails',
      spec: { initContainers: [{ name: 'wait', image: 'busybox', command: ['false'] }] },
      status: 'Init:CrashLoopBackOff',
    },
    {
      title: 'starts after its init containers and beside its sidecar',
      spec: {
        initContainers: [
          { name: 'first', image: 'busybox', command: ['sleep', '5'] },
          { name: 'unknown', image: 'registry.example/migrate:1' },
          { name: 'sidecar', image: 'registry.example/proxy:1', restartPolicy: 'Always' },
        ],
      },
      status: 'Running',
      ready: true,
      after: 8_000,
    },
  ];

describe('a server that starts again', () => {
  it('gives no version twice, though its last changes had not been saved', () => {
    boot();
    const saved = server;
    const snapshot = structuredClone(saved.snapshot());
    const nodes = saved.store.resource('v1', 'Node');
    saved.store.change(nodes, '', 'n1', (node) => (node.metadata.labels = { later: 'yes' }));
    const seen = saved.store.version;
    saved.snapshot = () => snapshot;
    boot(saved);
    expect(server.store.version).toBeGreaterThan(seen);
    expect(server.store.since(seen, nodes)).toBeUndefined();
  });
});

describe('a pod in the sandbox', () => {
  it.each(cases)('$title', async ({ status, ready = false, restarts: expected, after = 8_000, ...form }) => {
    const pod = await podAfter(startMs + after, form);
    expect([shownStatus(pod), isReady(pod)]).toEqual([status, ready]);
    if (expected !== undefined) expect(restarts(pod)).toBe(expected);
  });

  it('waits longer before each restart of a failing container, and writes down why', async () => {
    const counts: number[] = [];
    await podAfter(0, { container: { command: ['false'] } });
    for (let minute = 0; minute < 12; minute += 1) {
      await clock.pass(60_000);
      counts.push(restarts(read()));
    }
    expect(counts).toEqual([2, 3, 4, 4, 4, 5, 5, 5, 5, 5, 6, 6]);
    expect(events().join('\n')).toMatch(/BackOff: Back-off restarting failed container main in pod web_default/);
    expect(JSON.stringify(read().status)).toContain('back-off 5m0s restarting failed container=main');
  });

  it('says as an event which probe failed and why', async () => {
    await podAfter(20_000, { container: { ports, readinessProbe: failing } });
    expect(events().join('\n')).toMatch(
      /Unhealthy: Readiness probe failed: Get "http:\/\/10\.42\.0\.\d+:9999\/healthz": dial tcp .*connection refused/,
    );
  });

  it('becomes ready when its annotation is taken away, and fails when it is told so while it runs', async () => {
    await podAfter(5_000, { behavior: 'not-ready' });
    const annotate = (value: string | undefined): void =>
      void server.store.change(server.store.resource('v1', 'Pod'), 'default', 'web', ({ metadata }) => {
        metadata.annotations = value === undefined ? {} : { [behavior]: value };
      });
    annotate(undefined);
    await clock.pass(1_000);
    expect(isReady(read())).toBe(true);
    annotate('fail');
    await clock.pass(1_000);
    expect(shownStatus(read())).toBe('CrashLoopBackOff');
  });

  it('is restarted when its image changes', async () => {
    await podAfter(5_000, {});
    server.store.change(server.store.resource('v1', 'Pod'), 'default', 'web', (pod) => {
      (pod.spec!['containers'] as { image: string }[])[0]!.image = 'nginx:1.30';
    });
    await clock.pass(1_000);
    expect([restarts(read()), isReady(read())]).toEqual([1, true]);
  });

  it('goes on after a restart of the sandbox as it was', async () => {
    for (const [form, status, ready] of [
      [{}, 'Running', true],
      [{ container: { command: ['false'] } }, 'CrashLoopBackOff', false],
      [{ container: { ports, readinessProbe: failing } }, 'Running', false],
      [{ container: { image: 'registry.invalid/web:1' } }, 'ImagePullBackOff', false],
    ] as const) {
      const before = await podAfter(8_000, form);
      server.stop();
      boot(server);
      await clock.pass(1);
      expect([shownStatus(read()), isReady(read())]).toEqual([status, ready]);
      expect(read().status?.['podIP']).toBe(before.status?.['podIP']);
      const count = restarts(read());
      await clock.pass(120_000);
      expect(restarts(read()) > count).toBe(status === 'CrashLoopBackOff');
    }
  });

  it('fails the job that runs it, after as many tries as the job allows', async () => {
    boot();
    const container = { name: 'main', image: 'busybox', command: ['false'] };
    server.store.create(server.store.resource('batch/v1', 'Job'), {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'migrate', namespace: 'default' },
      spec: { backoffLimit: 2, template: { spec: { restartPolicy: 'Never', containers: [container] } } },
    });
    await clock.pass(60_000);
    const { conditions, failed } = read('Job', 'migrate', 'batch/v1').status as {
      conditions: { type: string }[];
      failed: number;
    };
    expect([conditions.map(({ type }) => type), failed]).toEqual([['FailureTarget', 'Failed'], 3]);
  });
});

describe('what the sandbox knows of a command', () => {
  it.each([
    [['true'], 0],
    [['/bin/false'], 1],
    [['sh', '-c', 'true && false || exit 7'], 7],
    [['bash', '-ec', 'false; exit 0'], 1],
    [['sh', '-c', "echo 'a; b' && sleep 2"], 0],
  ])('%j ends with %i', (argv, exitCode) => expect(outcomeOf(argv)).toMatchObject({ exitCode }));

  it.each([
    [['nginx']],
    [['sh', '-c', 'nginx | tee log']],
    [['sh', '-c', 'if true; then false; fi']],
    [['sh', '-c', '$RUN']],
  ])('of %j it knows nothing', (argv) => expect(outcomeOf(argv)).toBeUndefined());
});

describe('an image name', () => {
  it.each(['nginx', 'ghcr.io/acme/web:1.2', 'localhost:5000/a/b@sha256:' + 'a'.repeat(64), 'a.example/b__c'])(
    '%s can be asked for',
    (image) => expect(imageProblem(image)).toBeUndefined(),
  );
  it.each(['', 'Nginx', 'a b', 'nginx:', 'https://nginx', 'nginx:la test'])('%j is none', (image) =>
    expect(imageProblem(image)?.reason).toBe('InvalidImageName'),
  );
});
