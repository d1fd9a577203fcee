import { createHash } from 'node:crypto';

import { type Clock, configToTry } from '../../domain/index.js';
import { IncompleteError, SlipwayError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';
import type { Streams } from '../../nats/types.js';
import type { BackupManifest, BackupSets } from '../../workspace/backups/types.js';
import { clientPort, natsImage } from './nats.js';
import { copyNamespace, roomFor } from './volume-pod.js';

/** Milliseconds until the server must run: its image is on the nodes that have NATS already. */
const startMs = 600_000;
/** Milliseconds until it must let somebody in, once it runs. */
const answerMs = 60_000;
const betweenMs = 500;
const podSeconds = 3600;

const nameOf = (backup: string): string =>
  `slipway-streams-${createHash('sha256').update(backup).digest('hex').slice(0, 16)}`;

/**
 * A server of NATS of a moment, with nothing in it. It listens inside its pod alone, so that nobody reaches it but by a port that
 * the API forwards; what it keeps goes with it.
 * @param bytes of the copies that are tried in it
 */
export const tryingPod = (backup: string, image: string, bytes: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: nameOf(backup),
    namespace: copyNamespace,
    labels: { 'slipway.dev/streams': 'try', 'app.kubernetes.io/managed-by': 'slipway' },
  },
  spec: {
    restartPolicy: 'Never',
    activeDeadlineSeconds: podSeconds,
    terminationGracePeriodSeconds: 1,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65534,
      runAsGroup: 65534,
      fsGroup: 65534,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'nats',
        image,
        args: ['--jetstream', '--store_dir', '/data', '--addr', '127.0.0.1', '--port', String(clientPort)],
        resources: {
          requests: { cpu: '50m', memory: '64Mi', 'ephemeral-storage': roomFor(2 * bytes) },
          limits: { memory: '1Gi' },
        },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  },
});

/** What came of trying one stream. */
export type TriedStream = { readonly messages: number } | { readonly failure: SlipwayError };

/**
 * Brings copies of streams back into a server of their own, one after the other, and has each read from there again, message by
 * message, with its sums. The cluster’s own NATS is not asked for anything.
 * @param tried is told what came of each
 * @throws IncompleteError code NATS_FAILED where no such server comes up
 */
export async function tryStreams(
  of: {
    readonly kube: Kube;
    readonly clock: Clock;
    readonly sets: BackupSets;
    readonly manifest: BackupManifest;
    readonly names: readonly string[];
    readonly tried: (name: string, result: TriedStream) => Promise<void>;
  },
  options: KubeOptions & { readonly progress: (text: string) => void },
): Promise<void> {
  const { kube, clock, manifest, names, tried } = of;
  const image = await natsImage(kube, options);
  if (image === undefined) throw failed('The cluster has no NATS, whose program could try them');
  const kept = manifest.streams.filter(({ name }) => names.includes(name));
  const pod = tryingPod(manifest.id, image, Math.max(0, ...kept.map(({ bytes }) => bytes)));
  await gone(kube, pod, options);
  try {
    await kube.apply(pod, options);
    await untilRunning(kube, pod, options);
    for (const stream of kept) {
      options.progress(`bringing ${stream.name} back, and reading it`);
      await tried(stream.name, await tryOne({ kube, clock, pod, options }, of, stream));
    }
  } finally {
    // Also where the run was interrupted: messages are not left lying about.
    const last = { ...options, signal: AbortSignal.timeout(10_000) };
    await kube.delete(pod, last).catch(() => undefined);
  }
}

interface Trying {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly pod: KubeObject;
  readonly options: KubeOptions;
}

async function tryOne(
  trying: Trying,
  { sets, manifest }: { readonly sets: BackupSets; readonly manifest: BackupManifest },
  { name, head, messages }: BackupManifest['streams'][number],
): Promise<TriedStream> {
  const { signal } = trying.options;
  try {
    await withTrying(trying, async (streams) => {
      const config = configToTry(head.config);
      await streams.restore(name, { ...head, config }, sets.stream(manifest, name), { signal });
      // Another connection has no more of a stream than what the server has kept.
      await streams.snapshot(name, () => Promise.resolve(), { signal });
    });
    return { messages };
  } catch (error) {
    if (!(error instanceof SlipwayError) || signal.aborted) throw error;
    return { failure: error };
  }
}

/** A port that is forwarded takes one connection; a server that has just begun refuses some. */
async function withTrying<T>(
  { kube, clock, pod, options }: Trying,
  work: (streams: Streams) => Promise<T>,
): Promise<T> {
  const { openStreams } = await import('../../nats/index.js');
  const until = clock.monotonic() + answerMs;
  for (;;) {
    const way = await kube.forward(copyNamespace, pod.metadata.name, clientPort, options);
    try {
      const streams = await openStreams({ host: way.host, port: way.port, login: undefined }).catch(
        (error: unknown) => {
          if (!(error instanceof SlipwayError) || clock.monotonic() >= until) throw error;
        },
      );
      if (streams) {
        try {
          return await work(streams);
        } finally {
          await streams.close();
        }
      }
    } finally {
      way.close();
    }
    await clock.sleep(betweenMs, options.signal);
  }
}

const phaseOf = (pod: KubeObject | undefined): string | undefined =>
  (pod?.['status'] as { readonly phase?: string } | undefined)?.phase;

async function untilRunning(kube: Kube, pod: KubeObject, options: KubeOptions): Promise<void> {
  await kube.until(
    {
      what: `the pod ${copyNamespace}/${pod.metadata.name} to run`,
      code: 'NATS_FAILED',
      kinds: [{ apiVersion: 'v1', kind: 'Pod', namespace: copyNamespace }],
      check: (view, say) => {
        const phase = phaseOf(view.get(pod));
        if (phase === 'Failed' || phase === 'Succeeded')
          throw failed('The server of NATS that was to try them has ended');
        say(phase ?? 'not there');
        return phase === 'Running' ? true : undefined;
      },
    },
    {
      ...options,
      deadlineMs: startMs,
      hint: `See why it does not: kubectl -n ${copyNamespace} describe pod ${pod.metadata.name}`,
    },
  );
}

async function gone(kube: Kube, pod: KubeObject, options: KubeOptions): Promise<void> {
  if (!(await kube.get(pod, options))) return;
  await kube.delete(pod, options);
  await kube.until(
    {
      what: `the pod ${copyNamespace}/${pod.metadata.name} to be gone`,
      code: 'NATS_FAILED',
      kinds: [{ apiVersion: 'v1', kind: 'Pod', namespace: copyNamespace }],
      check: (view) => (view.get(pod) ? undefined : true),
    },
    { ...options, deadlineMs: 120_000, hint: 'Run the same command again.' },
  );
}

const failed = (what: string): IncompleteError =>
  new IncompleteError(`${what}.`, {
    code: 'NATS_FAILED',
    hint: 'See how NATS is: slipway component status, then run the same command again.',
  });
