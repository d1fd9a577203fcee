import type { Machine } from '../domain/index.js';
import type { StepContext } from '../engine/index.js';
import { IncompleteError, messageOf } from '../errors/index.js';
import type { Kube, KubeObject, KubeOptions } from '../kube/types.js';
import {
  authorizeLabel,
  authorizeNamespace as namespace,
  authorizePod,
  fallbackImage,
  helperImage,
  toldHostKey,
} from './authorize-pod.js';
import { deadlines } from './deadlines.js';

interface PodStatus {
  readonly phase?: string;
  readonly message?: string;
  readonly containerStatuses?: readonly {
    readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  }[];
}

const statusOf = (pod: KubeObject): PodStatus => pod['status'] ?? {};
const isOver = (pod: KubeObject): boolean => ['Succeeded', 'Failed'].includes(statusOf(pod).phase ?? '');

/**
 * Lets a key log in to a machine as root, by way of a pod on its node, and answers with the machine's host key: the API,
 * whose certificate the kubeconfig pins, vouches for the node.
 * @throws IncompleteError code AUTHORIZE_FAILED
 */
export async function authorizeThroughCluster(
  kube: Kube,
  machine: Pick<Machine, 'name'>,
  publicKey: string,
  run: StepContext,
): Promise<string> {
  const image = (await clusterHelperImage(kube, run)) ?? fallbackImage;
  const pod = authorizePod({ node: machine.name, publicKey, image });
  const { name } = pod.metadata;
  const left = await kube.get(pod, run);
  // One that ended is never started again; what it did then may be undone by now.
  if (left && isOver(left)) await removeAndWait(kube, left, run);
  await kube.apply(pod, run);
  const ended = await kube.until(
    {
      what: `the pod ${namespace}/${name} on ${machine.name} to end`,
      code: 'AUTHORIZE_FAILED',
      kinds: [{ apiVersion: 'v1', kind: 'Pod', namespace }],
      check: (view, say) => {
        const found = view.get(pod);
        if (found && isOver(found)) return found;
        say(found ? stateText(statusOf(found)) : 'not there');
        return undefined;
      },
    },
    {
      ...run,
      deadlineMs: deadlines.authorize,
      hint: `The image ${image} must be to be had on ${machine.name}. Run the same command again once it is.`,
    },
  );
  const log = (await kube.podLog(namespace, name, run)) ?? '';
  const hostKey = toldHostKey(log);
  if (statusOf(ended).phase === 'Succeeded' && hostKey !== undefined) {
    await kube.delete(ended, run);
    return hostKey;
  }
  throw new IncompleteError(`The pod ${namespace}/${name} could not do its work on ${machine.name}.`, {
    code: 'AUTHORIZE_FAILED',
    details: [...log.trim().split('\n').slice(-5), statusOf(ended).message ?? ''].filter((line) => line !== ''),
    hint: 'Fix what it says, then run the same command again.',
  });
}

/** Pods that a killed run left. What cannot be removed now ends by itself, and is no reason to fail. */
export async function removeLeftPods(kube: Kube, run: StepContext): Promise<void> {
  try {
    const pods = await kube.list('v1', 'Pod', { namespace, labelSelector: authorizeLabel }, run);
    for (const pod of pods) await kube.delete(pod, run);
  } catch (error) {
    run.signal.throwIfAborted();
    run.progress(`pods of an earlier run stay: ${messageOf(error)}`);
  }
}

/** k3s's own local storage names an image that can be had wherever the cluster's own can. */
async function clusterHelperImage(kube: Kube, options: KubeOptions): Promise<string | undefined> {
  const metadata = { name: 'local-path-config', namespace: 'kube-system' };
  return helperImage(await kube.get({ apiVersion: 'v1', kind: 'ConfigMap', metadata }, options));
}

async function removeAndWait(kube: Kube, pod: KubeObject, run: StepContext): Promise<void> {
  await kube.delete(pod, run);
  await kube.until(
    {
      what: `the pod ${namespace}/${pod.metadata.name} to be gone`,
      code: 'AUTHORIZE_FAILED',
      kinds: [{ apiVersion: 'v1', kind: 'Pod', namespace }],
      check: (view) => (view.get(pod) ? undefined : true),
    },
    { ...run, deadlineMs: deadlines.authorize, hint: 'Run the same command again.' },
  );
}

function stateText({ phase, containerStatuses = [] }: PodStatus): string {
  const waiting = containerStatuses.map(({ state }) => state?.waiting).find((one) => one !== undefined);
  return [phase ?? 'Pending', waiting?.reason, waiting?.message].filter((part) => part !== undefined).join(': ');
}
