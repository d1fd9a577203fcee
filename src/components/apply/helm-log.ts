import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';
import { chartNamespace } from './chart.js';
import type { ContainerStatus } from './pod-problems.js';

const podKind = { apiVersion: 'v1', kind: 'Pod', namespace: chartNamespace } as const;
const tailLines = 60;
/** Lines of a log that an error carries. */
const shownLines = 25;

/** Jobs of one name, but for the one that was there before. */
export interface JobRef {
  readonly name: string;
  /** The uid of a job whose attempts no longer count. */
  readonly not?: string | undefined;
}

/**
 * Attempts of a job that are known to have failed, the oldest first. Its pod starts its container again and again, and
 * every later attempt only finds the failed release: the first says why.
 */
export function failedAttempts(
  pods: readonly KubeObject[],
  job: JobRef,
): readonly { readonly pod: string; readonly attempt: string }[] {
  return pods
    .filter((pod) => isOf(pod, job))
    .sort((a, b) => (createdAt(a) < createdAt(b) ? -1 : 1))
    .flatMap((pod) => {
      const { containerStatuses = [], phase } = (pod['status'] ?? {}) as {
        readonly phase?: string;
        readonly containerStatuses?: readonly ContainerStatus[];
      };
      const { restartCount = 0, state, lastState } = containerStatuses[0] ?? {};
      const { name } = pod.metadata;
      const badly = (ended: { readonly exitCode?: number } | undefined): boolean =>
        ended !== undefined && ended.exitCode !== 0;
      return [
        ...(badly(lastState?.terminated) ? [{ pod: name, attempt: `${name} ${restartCount - 1}` }] : []),
        ...(badly(state?.terminated) || phase === 'Failed' ? [{ pod: name, attempt: `${name} ${restartCount}` }] : []),
      ];
    });
}

/** Keeps the log of the first failing attempt of a release's jobs: once the job gives up, its pod and log are gone. */
export class FailureLog {
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  #text: string | undefined;

  constructor(kube: Kube, job: JobRef, { signal }: KubeOptions) {
    const options = { signal: AbortSignal.any([signal, this.#stop.signal]) };
    this.#watching = this.#watch(kube, job, options).catch(() => {});
  }

  /** The last lines, the command lines that the job's script echoes left out; undefined: nothing was caught. */
  async lines(): Promise<readonly string[] | undefined> {
    this.close();
    await this.#watching;
    return this.#text === undefined ? undefined : relevantLines(this.#text);
  }

  close(): void {
    this.#stop.abort();
  }

  async #watch(kube: Kube, job: JobRef, options: KubeOptions): Promise<void> {
    for (let seen = new Set<string>(); ;) {
      const { pod, attempt } = await kube.until(
        {
          what: `an attempt of ${job.name} to fail`,
          code: 'NO_FAILURE',
          kinds: [podKind],
          check: (view) => failedAttempts(view.all(podKind), job).find(({ attempt }) => !seen.has(attempt)),
        },
        { ...options, deadlineMs: 2 ** 31 - 1, hint: '' },
      );
      seen = seen.add(attempt);
      const log = await this.#read(kube, pod);
      this.#text ??= log;
      if (log === undefined || saysNothing.test(log)) continue;
      this.#text = log;
      return;
    }
  }

  async #read(kube: Kube, pod: string): Promise<string | undefined> {
    // To the end even when the job gives up meanwhile.
    const { signal } = new AbortController();
    const read = (previous: boolean): Promise<string | undefined> =>
      kube.podLog(chartNamespace, pod, { signal, container: 'helm', previous, tailLines });
    // In this order: a container that is started again meanwhile turns its log into the one before.
    const present = await read(false);
    return (await read(true)) || present || undefined;
  }
}

/** What attempts say that found what an earlier one left, and did nothing. */
const saysNothing = /waiting for operator intervention|does not match expected revision/;

/** What helps in a log of helm's job: no echoed commands, no empty lines, the end of it. */
export function relevantLines(log: string): readonly string[] {
  const lines = log.split('\n').map((line) => line.trimEnd());
  const telling = lines.filter((line) => line !== '' && !/^\++ /.test(line));
  return (telling.length > 0 ? telling : lines.filter((line) => line !== '')).slice(-shownLines);
}

function isOf(pod: KubeObject, { name, not }: JobRef): boolean {
  const owners = (pod.metadata['ownerReferences'] ?? []) as readonly {
    readonly kind?: string;
    readonly name?: string;
    readonly uid?: string;
  }[];
  return owners.some(
    (owner) => owner.kind === 'Job' && owner.name === name && (not === undefined || owner.uid !== not),
  );
}

const createdAt = (pod: KubeObject): string => {
  const at = pod.metadata['creationTimestamp'];
  return typeof at === 'string' ? at : '';
};
