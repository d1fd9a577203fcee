import pLimit from 'p-limit';

import { type DrainObstacle, drainObstacles, isAccepted, leavesOnDrain } from '../domain/index.js';
import { IncompleteError, messageOf, RefusedError } from '../errors/index.js';
import type { KubeClient } from './client.js';
import { drainPod, readDrainView } from './drain-view.js';
import { ApiError, isDisruptionBudget } from './failures.js';
import { adviceFor } from './obstacles.js';
import { listAll } from './paging.js';
import type { DrainOptions } from './types.js';
import type { WireNode, WirePod } from './wire.js';

/** Evictions under way at once. */
const parallelEvictions = 10;
/** Milliseconds after which a pod that a budget holds is tried again; as kubectl does. */
const budgetPauseMs = 5_000;
const firstLookMs = 200;
const lastLookMs = 2_000;

/** What holds a pod, and when to try it again. */
interface Held {
  readonly because: string;
  readonly retryAt: number;
}

/**
 * Evicts what must leave and waits until it is gone; on a node that is not Ready, until it is on its way out. The node
 * must be cordoned already, or pods come back.
 * @throws IncompleteError code DRAIN_TIMEOUT at the deadline.
 */
export async function evictPods(client: KubeClient, node: string, options: DrainOptions): Promise<void> {
  const { signal, progress, deadlineMs } = options;
  const { clock } = client;
  const started = clock.monotonic();
  const limit = pLimit(parallelEvictions);
  const held = new Map<string, Held>();
  const asked = new Set<string>();
  let said = '';
  for (let pause = firstLookMs; ; pause = Math.min(pause * 1.5, lastLookMs)) {
    const leaving = await podsToLeave(client, node, signal);
    if (leaving.length === 0) return;
    // Without a kubelet nobody tells the API of their end: they would stay for as long as the node does.
    const allEnding = leaving.every(({ metadata }) => metadata?.deletionTimestamp !== undefined);
    if (allEnding && !(await isReady(client, node, signal))) return;
    const due = leaving.filter((pod) => {
      const uid = pod.metadata?.uid ?? '';
      return !pod.metadata?.deletionTimestamp && !asked.has(uid) && (held.get(uid)?.retryAt ?? 0) <= clock.monotonic();
    });
    await Promise.all(
      due.map((pod) =>
        limit(async () => {
          const uid = pod.metadata?.uid ?? '';
          const because = await evict(client, pod, signal);
          if (because === undefined) {
            held.delete(uid);
            asked.add(uid);
          } else held.set(uid, { because, retryAt: clock.monotonic() + budgetPauseMs });
        }),
      ),
    );
    const lines = leaving.map((pod) => `${podName(pod)}: ${held.get(pod.metadata?.uid ?? '')?.because ?? 'is ending'}`);
    if (clock.monotonic() - started >= deadlineMs) throw tooLate(node, options, lines);
    const text = summary(lines);
    if (text !== said) progress?.(text);
    said = text;
    await clock.sleep(Math.min(pause, Math.max(1, started + deadlineMs - clock.monotonic())), signal);
  }
}

/** @throws RefusedError code LOCAL_DATA or UNMANAGED_PODS */
export async function refuseDataLoss(client: KubeClient, node: string, options: DrainOptions): Promise<void> {
  const view = await readDrainView(client, [node], options.signal);
  const found = drainObstacles([node], view).filter((obstacle) => !isAccepted(obstacle, options.lose));
  const of = (kind: DrainObstacle['kind']): string[] =>
    found.filter((one) => one.kind === kind).map(({ text }) => text);
  const lonely = of('unmanaged-pod');
  if (lonely.length > 0) {
    throw new RefusedError(`${node} runs pods that nothing would start again elsewhere.`, {
      ...adviceFor('unmanaged-pod', options.lose),
      details: lonely,
    });
  }
  const bound = options.allowLocalData ? [] : of('local-data');
  if (bound.length > 0) {
    throw new RefusedError(`${node} holds data that exists on its own disk only.`, {
      ...adviceFor('local-data', options.lose),
      details: bound,
    });
  }
}

async function podsToLeave(client: KubeClient, node: string, signal: AbortSignal): Promise<readonly WirePod[]> {
  const query = { fieldSelector: `spec.nodeName=${node}` };
  return (await listAll<WirePod>(client, '/api/v1/pods', signal, query)).items.filter((pod) =>
    leavesOnDrain(drainPod(pod)),
  );
}

const podName = (pod: WirePod): string => `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`;

/** Whether its kubelet says so: a node that is being deleted still ends its pods. One that is gone is not. */
async function isReady(client: KubeClient, node: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { status } = (await client.get(`/api/v1/nodes/${encodeURIComponent(node)}`, signal)) as WireNode;
    return status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

/** Asks for one eviction; answers what holds the pod, undefined when it is on its way. */
async function evict(client: KubeClient, pod: WirePod, signal: AbortSignal): Promise<string | undefined> {
  const { name = '', namespace = '', uid } = pod.metadata ?? {};
  const body = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    // The pod that was looked at, not one that has since come under the same name.
    ...(uid === undefined ? {} : { deleteOptions: { preconditions: { uid } } }),
  };
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/eviction`;
  try {
    await client.write(
      { method: 'POST', path, contentType: 'application/json', body: JSON.stringify(body) },
      `pods/${namespace}/${name}/eviction`,
      signal,
    );
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // Gone, replaced by another of its name, or going with its namespace.
    if (error.status === 404 || error.status === 409) return undefined;
    if (error.answer.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating')) return undefined;
    if (error.status === 401 || error.status === 403) throw error;
    return isDisruptionBudget(error) ? budgetOf(error) : `cannot be evicted (${messageOf(error)})`;
  }
}

/** The budget by name, as the API's sentence has it: `The disruption budget web needs 2 healthy pods and has 2 currently`. */
function budgetOf(error: ApiError): string {
  const sentence = error.answer.details?.causes?.find(({ reason }) => reason === 'DisruptionBudget')?.message;
  const name = /disruption budget (\S+) /i.exec(sentence ?? '')?.[1];
  if (name === undefined) return `held by a PodDisruptionBudget (${sentence ?? error.message})`;
  const numbers = /needs .*$/.exec(sentence ?? '')?.[0];
  return `held by PodDisruptionBudget ${name}${numbers === undefined ? '' : `, which ${numbers}`}`;
}

function summary(lines: readonly string[]): string {
  const waiting = lines.find((line) => !line.endsWith('is ending'));
  const count = `${lines.length} ${lines.length === 1 ? 'pod' : 'pods'} left`;
  return waiting === undefined ? count : `${count}; ${waiting}`;
}

function tooLate(
  node: string,
  { deadlineMs, uncordonAtDeadline }: DrainOptions,
  lines: readonly string[],
): IncompleteError {
  return new IncompleteError(`Gave up after ${Math.round(deadlineMs / 1000)} s of waiting for ${node} to be empty.`, {
    code: 'DRAIN_TIMEOUT',
    hint: `Make room for these pods elsewhere or loosen their PodDisruptionBudgets, then run the same command again; the node ${uncordonAtDeadline ? 'takes pods again meanwhile' : 'stays cordoned'}.`,
    details: lines,
  });
}
