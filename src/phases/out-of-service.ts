import pLimit from 'p-limit';

import { type Clock, waitFor } from '../domain/index.js';
import { IncompleteError, SlipwayError } from '../errors/index.js';
import type { StepContext } from '../engine/index.js';
import type { Kube, KubeObject, NodeTaint } from '../kube/types.js';
import type { ClusterApi } from './context.js';
import { deadlines } from './deadlines.js';

/** By which Kubernetes lets go of a node's volumes at once instead of waiting six minutes for a kubelet that is off. */
export const outOfService: NodeTaint = {
  key: 'node.kubernetes.io/out-of-service',
  value: 'nodeshutdown',
  effect: 'NoExecute',
};

const deletionsAtOnce = 10;

/**
 * Frees what a node holds whose machine is off or gone: its pods are started elsewhere, and their volumes follow. Only for a
 * machine that is known to be off: two that write to one volume destroy it. The Node itself has to stay until then: the
 * mark goes with it. Where the cloud's controller was faster, its VolumeAttachments are deleted instead.
 */
export async function freeNode(
  { kube }: Pick<ClusterApi, 'kube'>,
  clock: Clock,
  node: string,
  run: StepContext,
): Promise<void> {
  run.progress('marking its node as out of service');
  await mark(kube, node, run);
  await deletePods(kube, node, run);
  await detached(kube, clock, node, run);
}

async function mark(kube: Kube, name: string, run: StepContext): Promise<void> {
  const node = (await kube.nodes(run)).find((one) => one.name === name);
  if (!node || node.taints.some(({ key }) => key === outOfService.key)) return;
  try {
    await kube.patchNode(name, { taints: [...node.taints, outOfService] }, run);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** As Kubernetes would, but without waiting until it notices that the node is not Ready. */
async function deletePods(kube: Kube, node: string, run: StepContext): Promise<void> {
  const pods = await kube.list('v1', 'Pod', { fieldSelector: `spec.nodeName=${node}` }, run);
  if (pods.length > 0) run.progress(`deleting ${pods.length} of its pods`);
  const limit = pLimit(deletionsAtOnce);
  await Promise.all(
    pods.map((pod) =>
      limit(() => kube.delete(pod, { ...run, gracePeriodSeconds: 0, uid: pod.metadata['uid'] as string | undefined })),
    ),
  );
}

/** What keeps volumes for longer, a driver that does not run, keeps nobody from replacing the machine that it is to run on. */
async function detached(kube: Kube, clock: Clock, node: string, run: StepContext): Promise<void> {
  try {
    await waitFor(
      {
        what: `the volumes of ${node} to be detached`,
        check: async (signal, progress) => {
          const attachments = await attachmentsOf(kube, node, { signal });
          if (attachments.length === 0) return true;
          const isThere = (await kube.nodes({ signal })).some(({ name }) => name === node);
          if (!isThere) for (const one of attachments) await kube.delete(one, { signal });
          progress(`waiting until ${attachments.map(volumeOf).join(', ')} is detached`);
          return undefined;
        },
      },
      {
        clock,
        signal: run.signal,
        deadlineMs: deadlines.detached,
        hint: `See what holds them: kubectl get volumeattachments`,
        fatal: (error) => error instanceof SlipwayError && error.code === 'KUBE_FORBIDDEN',
        progress: (text) => run.progress(text),
      },
    );
  } catch (error) {
    if (!(error instanceof IncompleteError) || error.code !== 'WAIT_TIMEOUT') throw error;
    run.progress('its volumes are not detached yet; going on without waiting for them');
  }
}

async function attachmentsOf(
  kube: Kube,
  node: string,
  options: { readonly signal: AbortSignal },
): Promise<readonly KubeObject[]> {
  const all = await kube.list('storage.k8s.io/v1', 'VolumeAttachment', {}, options);
  return all.filter(({ spec }) => (spec as { nodeName?: unknown } | undefined)?.nodeName === node);
}

const volumeOf = ({ spec, metadata }: KubeObject): string =>
  (spec as { source?: { persistentVolumeName?: string } } | undefined)?.source?.persistentVolumeName ?? metadata.name;

const isGone = (error: unknown): boolean => error instanceof SlipwayError && error.code === 'KUBE_NOT_FOUND';
