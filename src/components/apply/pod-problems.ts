import type { KubeObject } from '../../kube/types.js';

interface State {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: { readonly exitCode?: number; readonly reason?: string };
}

export interface ContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly state?: State;
  readonly lastState?: State;
}

interface PodStatus {
  readonly phase?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly containerStatuses?: readonly ContainerStatus[];
}

/** Waiting reasons that come and go in every healthy start. */
const ordinary = new Set(['ContainerCreating', 'PodInitializing']);

/** Why pods are not ready, one line for each that has something to say: `web-7f: Pending: 0/3 nodes are available`. */
export function podProblems(pods: readonly KubeObject[]): string[] {
  return pods.flatMap((pod) => {
    const problem = problemOf(pod['status'] ?? {});
    return problem === undefined ? [] : [`pod ${pod.metadata.name}: ${problem}`];
  });
}

function problemOf(status: PodStatus): string | undefined {
  if (status.phase === 'Succeeded') return undefined;
  const unplaced = status.conditions?.find(({ type }) => type === 'PodScheduled');
  if (unplaced?.status === 'False') return `Pending: ${unplaced.message ?? 'no node takes it'}`;
  for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    const { waiting, terminated } = container.state ?? {};
    if (waiting?.reason !== undefined && !ordinary.has(waiting.reason)) {
      const exit = container.lastState?.terminated?.exitCode;
      const detail = waiting.message ?? (exit === undefined ? undefined : `ended with exit code ${exit}`);
      return `${container.name}: ${waiting.reason}${detail === undefined ? '' : `: ${firstLine(detail)}`}`;
    }
    if (terminated && terminated.exitCode !== 0)
      return `${container.name}: ended with exit code ${terminated.exitCode ?? 'unknown'}`;
  }
  return undefined;
}

const firstLine = (text: string): string => text.split('\n')[0]!.slice(0, 300);
