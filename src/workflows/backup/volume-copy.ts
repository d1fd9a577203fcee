import { z } from 'zod';

import { IncompleteError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions, ObjectView } from '../../kube/types.js';
import {
  claimAnnotation,
  copyLabel,
  copyNamespace,
  copyPod,
  copySeconds,
  copySecret,
  type VolumeWork,
} from './volume-pod.js';

interface PodStatus {
  readonly phase?: string;
  readonly message?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
  readonly containerStatuses?: readonly {
    readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  }[];
}

const statusOf = (pod: KubeObject): PodStatus => pod['status'] ?? {};
const isOverPhase = (phase: string): boolean => phase === 'Succeeded' || phase === 'Failed';
const isUnscheduled = ({ type, status }: { readonly type: string; readonly status: string }): boolean =>
  type === 'PodScheduled' && status === 'False';

/** What a pod told of a copy. */
export interface VolumeFacts {
  readonly files: number;
  readonly bytes: number;
  readonly partial: boolean;
}

const found = z.object({ files: z.number(), bytes: z.number() });
const summary = z.object({ total_files_processed: z.number(), total_bytes_processed: z.number() });

/**
 * Has a pod do its work beside a volume, and takes pod and keys away again.
 * @returns what it told of the copy, or of what it brought back to try it; undefined of a restore
 * @throws IncompleteError code VOLUME_FAILED
 */
export async function runVolumeWork(
  kube: Kube,
  work: VolumeWork,
  options: KubeOptions,
): Promise<VolumeFacts | undefined> {
  const pod = copyPod(work);
  const secret = copySecret(work);
  await refuseLostNode(kube, work, options);
  await clearLeft(kube, work, options);
  // One that ended is never started again; what it did then may have been undone.
  await removePod(kube, pod, options);
  await kube.apply(secret, options);
  try {
    await kube.apply(pod, options);
    const ended = await untilOver(kube, pod, work, options);
    const log = (await kube.podLog(copyNamespace, pod.metadata.name, options)) ?? '';
    if (statusOf(ended).phase !== 'Succeeded') throw failed(work, log, statusOf(ended).message);
    return work.act === 'restore' ? undefined : factsOf(work, log);
  } finally {
    // Also where the run was interrupted: keys are not left lying about.
    const last = { ...options, signal: AbortSignal.timeout(10_000) };
    await kube.delete(pod, last).catch(() => undefined);
    await kube.delete(secret, last).catch(() => undefined);
  }
}

const where = (work: VolumeWork): string => (work.act === 'try' ? '' : ` on ${work.node}`);

/** Milliseconds until a pod must have begun: its image is fetched until then. */
const startMs = 900_000;

async function untilOver(kube: Kube, pod: KubeObject, work: VolumeWork, options: KubeOptions): Promise<KubeObject> {
  const what = `the pod ${copyNamespace}/${pod.metadata.name}${where(work)}`;
  const hint = `See that ${work.image} can be had${where(work)}: kubectl -n ${copyNamespace} describe pod.`;
  const wait = (until: string, isSo: (phase: string) => boolean) => ({
    what: `${what} to ${until}`,
    code: 'VOLUME_FAILED' as const,
    kinds: [
      { apiVersion: 'v1', kind: 'Pod', namespace: copyNamespace },
      { apiVersion: 'v1', kind: 'Event', namespace: copyNamespace },
    ],
    check: (view: ObjectView, say: (seen: string) => void): KubeObject | undefined => {
      const there = view.get(pod);
      if (!there) return void say('not there');
      const phase = statusOf(there).phase ?? 'Pending';
      if (isSo(phase)) return there;
      // A kubelet tries for ever, as the folder could come. That of a fresh machine does not.
      if (
        work.act !== 'try' &&
        view.all({ apiVersion: 'v1', kind: 'Event' }).some((one) => tellsOfNoFolder(one, there))
      )
        throw failed(work, '', `${work.path} is no folder there`);
      const waiting = statusOf(there).containerStatuses?.map(({ state }) => state?.waiting);
      const { reason, message } = waiting?.find(Boolean) ?? statusOf(there).conditions?.find(isUnscheduled) ?? {};
      return void say([phase, reason, message].filter(Boolean).join(': '));
    },
  });
  await kube.until(
    wait('start', (phase) => phase !== 'Pending'),
    { ...options, deadlineMs: startMs, hint },
  );
  return kube.until(wait('end', isOverPhase), { ...options, deadlineMs: copySeconds * 1000, hint });
}

/**
 * Takes away what killed runs left for this claim: keys, and pods that have ended. A backup has another id each time, so nobody
 * else comes by again. A pod that still works is somebody's.
 */
async function clearLeft(kube: Kube, { claim }: VolumeWork, options: KubeOptions): Promise<void> {
  const query = { namespace: copyNamespace, labelSelector: copyLabel };
  const isOfClaim = ({ metadata }: KubeObject): boolean => metadata.annotations?.[claimAnnotation] === claim;
  const [secrets, pods] = await Promise.all([
    kube.list('v1', 'Secret', query, options),
    kube.list('v1', 'Pod', query, options),
  ]);
  const works = pods
    .filter((pod) => !isOverPhase(statusOf(pod).phase ?? 'Pending'))
    .map(({ metadata }) => metadata.name);
  for (const one of [...secrets, ...pods].filter(isOfClaim))
    if (!works.includes(one.metadata.name)) await kube.delete(one, options);
}

/** Nobody would ever start a pod there. @throws IncompleteError code VOLUME_FAILED */
async function refuseLostNode(kube: Kube, work: VolumeWork, options: KubeOptions): Promise<void> {
  if (work.act === 'try') return;
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: work.node } };
  if (!(await kube.get(node, options))) throw failed(work, '', `the cluster has no node ${work.node} any more`);
}

interface EventObject extends KubeObject {
  readonly involvedObject?: { readonly uid?: string };
  readonly message?: string;
}

const tellsOfNoFolder = ({ involvedObject, message }: EventObject, pod: KubeObject): boolean =>
  involvedObject?.uid !== undefined &&
  involvedObject.uid === (pod.metadata as { readonly uid?: string }).uid &&
  message?.includes('hostPath type check failed') === true;

async function removePod(kube: Kube, pod: KubeObject, options: KubeOptions): Promise<void> {
  if (!(await kube.get(pod, options))) return;
  await kube.delete(pod, options);
  await kube.until(
    {
      what: `the pod ${copyNamespace}/${pod.metadata.name} to be gone`,
      code: 'VOLUME_FAILED',
      kinds: [{ apiVersion: 'v1', kind: 'Pod', namespace: copyNamespace }],
      check: (view) => (view.get(pod) ? undefined : true),
    },
    { ...options, deadlineMs: 120_000, hint: 'Run the same command again.' },
  );
}

/** @throws IncompleteError code VOLUME_FAILED */
function factsOf(work: VolumeWork, log: string): VolumeFacts {
  if (work.act === 'try') {
    const came = found.safeParse(parsed(/^found=(.*)$/m.exec(log)?.[1] ?? '')).data;
    if (!came) throw failed(work, log, 'it did not tell what came back');
    return { ...came, partial: false };
  }
  const told = /^summary=(.*)$/m.exec(log)?.[1];
  const { data } = summary.safeParse(told === undefined ? undefined : parsed(told));
  if (!data) throw failed(work, log, 'it did not tell what it has copied');
  return {
    files: data.total_files_processed,
    bytes: data.total_bytes_processed,
    partial: /^partial=true$/m.test(log),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const meanings: Readonly<Record<string, string>> = {
  'no-repository': 'there is no repository at that place',
  'wrong-password': 'the repository has another password than this workspace knows',
  unreachable: 'the repository cannot be reached, or the key does not open the bucket',
  'not-copied': 'restic could not copy it',
  'not-restored': 'restic could not bring it back',
};

const done = { copy: 'was not copied', restore: 'was not brought back', try: 'cannot be brought back' } as const;

function failed(work: VolumeWork, log: string, message: string | undefined): IncompleteError {
  const { act, claim } = work;
  const told = /^error=(.*)$/m.exec(log)?.[1] ?? '';
  const why = meanings[told] ?? message ?? 'its pod ended without saying why';
  const said = [...log.matchAll(/^said=(.*)$/gm)].map(([, line]) => line!);
  return new IncompleteError(
    `${act === 'try' ? 'The copy of the' : 'The'} volume of ${claim}${where(work)} ${done[act]}: ${why}.`,
    { code: 'VOLUME_FAILED', details: said.slice(-5), hint: 'Fix what it says, then run the same command again.' },
  );
}
