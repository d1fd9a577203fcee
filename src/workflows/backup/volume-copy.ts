import { z } from 'zod';

import { IncompleteError } from '../../errors/index.js';
import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';
import { copyNamespace, copyPod, copySeconds, copySecret, type VolumeWork } from './volume-pod.js';

interface PodStatus {
  readonly phase?: string;
  readonly message?: string;
  readonly containerStatuses?: readonly {
    readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  }[];
}

const statusOf = (pod: KubeObject): PodStatus => pod['status'] ?? {};
const isOver = (pod: KubeObject): boolean => ['Succeeded', 'Failed'].includes(statusOf(pod).phase ?? '');

/** What a pod told of a copy. */
export interface VolumeFacts {
  readonly files: number;
  readonly bytes: number;
  readonly partial: boolean;
}

const summary = z.object({ total_files_processed: z.number(), total_bytes_processed: z.number() });

/**
 * Has a pod do its work beside a volume, and takes pod and keys away again.
 * @returns what it told of the copy; undefined of a restore
 * @throws IncompleteError code VOLUME_FAILED
 */
export async function runVolumeWork(
  kube: Kube,
  work: VolumeWork,
  options: KubeOptions,
): Promise<VolumeFacts | undefined> {
  const pod = copyPod(work);
  const secret = copySecret(work);
  // One that ended is never started again; what it did then may have been undone.
  await removePod(kube, pod, options);
  await kube.apply(secret, options);
  try {
    await kube.apply(pod, options);
    const ended = await untilOver(kube, pod, work, options);
    const log = (await kube.podLog(copyNamespace, pod.metadata.name, options)) ?? '';
    if (statusOf(ended).phase !== 'Succeeded') throw failed(work, log, statusOf(ended).message);
    return work.act === 'copy' ? factsOf(work, log) : undefined;
  } finally {
    // Also where the run was interrupted: keys are not left lying about.
    const last = { ...options, signal: AbortSignal.timeout(10_000) };
    await kube.delete(pod, last).catch(() => undefined);
    await kube.delete(secret, last).catch(() => undefined);
  }
}

async function untilOver(kube: Kube, pod: KubeObject, work: VolumeWork, options: KubeOptions): Promise<KubeObject> {
  return kube.until(
    {
      what: `the pod ${copyNamespace}/${pod.metadata.name} on ${work.node} to end`,
      code: 'VOLUME_FAILED',
      kinds: [{ apiVersion: 'v1', kind: 'Pod', namespace: copyNamespace }],
      check: (view, say) => {
        const found = view.get(pod);
        if (found && isOver(found)) return found;
        const waiting =
          found &&
          statusOf(found)
            .containerStatuses?.map(({ state }) => state?.waiting)
            .find(Boolean);
        say(
          found
            ? [statusOf(found).phase ?? 'Pending', waiting?.reason, waiting?.message].filter(Boolean).join(': ')
            : 'not there',
        );
        return undefined;
      },
    },
    { ...options, deadlineMs: copySeconds * 1000, hint: `See that ${work.image} can be had on ${work.node}.` },
  );
}

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

function failed({ act, claim, node }: VolumeWork, log: string, message: string | undefined): IncompleteError {
  const told = /^error=(.*)$/m.exec(log)?.[1] ?? '';
  const why = meanings[told] ?? message ?? 'its pod ended without saying why';
  const said = [...log.matchAll(/^said=(.*)$/gm)].map(([, line]) => line!);
  return new IncompleteError(
    `The volume of ${claim} on ${node} was not ${act === 'copy' ? 'copied' : 'brought back'}: ${why}.`,
    { code: 'VOLUME_FAILED', details: said.slice(-5), hint: 'Mend what it says, then run the same command again.' },
  );
}
