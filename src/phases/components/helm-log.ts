import type { Kube, KubeObject, KubeOptions } from '../../kube/types.js';
import { chartNamespace } from './chart.js';
import type { ContainerStatus } from './pod-troubles.js';

const podKind = { apiVersion: 'v1', kind: 'Pod', namespace: chartNamespace } as const;
const tailLines = 60;
/** Lines of a log that an error carries. */
const shownLines = 25;

interface Attempt {
  readonly pod: string;
  /** Whether it is the run before the present one. */
  readonly previous: boolean;
}

/** Jobs of one name, but for the one that was there before. */
export interface JobRef {
  readonly name: string;
  /** The uid of a job whose attempts no longer count. */
  readonly not?: string | undefined;
}

/**
 * The first attempt of a job that is known to have failed. The job's pod starts its container again and again, and
 * every later attempt only finds the failed release: the first says why.
 */
export function failedAttempt(pods: readonly KubeObject[], job: JobRef): Attempt | undefined {
  const own = pods.filter((pod) => isOf(pod, job)).sort((a, b) => (createdAt(a) < createdAt(b) ? -1 : 1));
  for (const pod of own) {
    const { containerStatuses = [], phase } = (pod['status'] ?? {}) as {
      readonly phase?: string;
      readonly containerStatuses?: readonly ContainerStatus[];
    };
    const [container] = containerStatuses;
    if (container?.lastState?.terminated && container.lastState.terminated.exitCode !== 0)
      return { pod: pod.metadata.name, previous: true };
    const ended = container?.state?.terminated;
    if ((ended && ended.exitCode !== 0) || phase === 'Failed') return { pod: pod.metadata.name, previous: false };
  }
  return undefined;
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
    return this.#text === undefined ? undefined : tellingLines(this.#text);
  }

  close(): void {
    this.#stop.abort();
  }

  async #watch(kube: Kube, job: JobRef, options: KubeOptions): Promise<void> {
    const attempt = await kube.until(
      {
        what: `an attempt of ${job.name} to fail`,
        code: 'NO_FAILURE',
        kinds: [podKind],
        check: (view) => failedAttempt(view.all(podKind), job),
      },
      { ...options, deadlineMs: 2 ** 31 - 1, hint: '' },
    );
    // Read to the end even when the job gives up meanwhile.
    const signal = new AbortController().signal;
    const read = (previous: boolean): Promise<string | undefined> =>
      kube.podLog(chartNamespace, attempt.pod, { signal, container: 'helm', previous, tailLines });
    // The container may have been started again since.
    this.#text = (await read(attempt.previous)) || (await read(!attempt.previous));
  }
}

/** What helps in a log of helm's job: no echoed commands, no empty lines, the end of it. */
export function tellingLines(log: string): readonly string[] {
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
