import { drainObstacles, type DrainObstacle, type DrainView, leavesOnDrain } from '../../../domain/index.js';
import { adviceFor } from '../../../kube/obstacles.js';
import type { Kube, KubeObject } from '../../../kube/types.js';
import type { Problem } from '../../../provider/port.js';

/** What draining nodes comes to, over all of them. */
export interface Impact {
  /** What no wait repairs. */
  readonly problems: readonly Problem[];
  /** Nodes that cannot be emptied and may be set aside, with why; those are no problems. */
  readonly undrainable?: ReadonlyMap<string, readonly string[]>;
  /** What is down for a while, a line each. */
  readonly warnings: readonly string[];
}

/** Looks at all nodes that are to be drained at once: the last of them is as good a reason to stop as the first. */
export async function drainImpact(
  kube: Pick<Kube, 'drainView' | 'list'>,
  nodes: readonly string[],
  options: { readonly signal: AbortSignal },
  mayBeSetAside: (node: string) => boolean = () => false,
): Promise<Impact> {
  if (nodes.length === 0) return { problems: [], warnings: [] };
  const view = await kube.drainView(nodes, options);
  const found = drainObstacles(nodes, view);
  const [single, sizes] = await Promise.all([singleReplicas(kube, view, options), volumeSizes(kube, view, options)]);
  const aside = found.filter(({ kind, node }) => kind !== 'local-data' && mayBeSetAside(node));
  const why = (name: string): string[] => aside.filter(({ node }) => node === name).map(({ text }) => text);
  return {
    problems: problemsOf(found.filter((obstacle) => !aside.includes(obstacle))),
    ...(aside.length === 0 ? {} : { undrainable: new Map(aside.map(({ node }) => [node, why(node)])) }),
    warnings: [
      ...found
        .filter(({ kind }) => kind === 'local-data')
        .map(({ node, text }) => `${text}${sizeOf(text, sizes)}, is down while ${node} is changed`),
      ...single.map((name) => `${name} has one replica, and is down while that moves`),
    ],
  };
}

function problemsOf(found: readonly DrainObstacle[]): readonly Problem[] {
  const sentences: Readonly<Partial<Record<DrainObstacle['kind'], (nodes: string) => string>>> = {
    'unmanaged-pod': (nodes) => `Pods that nothing would start again elsewhere run on ${nodes}.`,
    budget: (nodes) => `Pods that their PodDisruptionBudgets never allow to be evicted run on ${nodes}.`,
  };
  return (Object.keys(sentences) as DrainObstacle['kind'][]).flatMap((kind): Problem[] => {
    const these = found.filter((one) => one.kind === kind);
    if (these.length === 0) return [];
    const message = sentences[kind]!([...new Set(these.map(({ node }) => node))].join(', '));
    const details = these.map(({ node, text }) => `${node}: ${text}`);
    return [{ ...adviceFor(kind), kind: 'refused', message, details }];
  });
}

/** Workloads of one replica that runs where it would have to leave. */
async function singleReplicas(
  kube: Pick<Kube, 'list'>,
  { pods }: DrainView,
  options: { readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const leaving = pods.filter((pod) => leavesOnDrain(pod) && pod.controller !== undefined);
  if (leaving.length === 0) return [];
  const lists = await Promise.all(['Deployment', 'StatefulSet'].map((kind) => kube.list('apps/v1', kind, {}, options)));
  return lists
    .flat()
    .filter((workload) => replicasOf(workload) === 1 && leaving.some((pod) => isPodOf(workload, pod)))
    .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`)
    .sort();
}

const replicasOf = ({ spec }: KubeObject): number => (spec as { replicas?: number } | undefined)?.replicas ?? 1;

function isPodOf({ spec, metadata }: KubeObject, pod: DrainView['pods'][number]): boolean {
  const labels = (spec as { selector?: { matchLabels?: Record<string, string> } } | undefined)?.selector?.matchLabels;
  return (
    pod.namespace === metadata.namespace &&
    labels !== undefined &&
    Object.entries(labels).every(([key, value]) => pod.labels[key] === value)
  );
}

async function volumeSizes(
  kube: Pick<Kube, 'list'>,
  { localVolumes }: DrainView,
  options: { readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, string>> {
  if (localVolumes.size === 0) return new Map();
  const volumes = await kube.list('v1', 'PersistentVolume', {}, options);
  return new Map(
    volumes.flatMap(({ metadata, spec }) => {
      const size = (spec as { capacity?: { storage?: string } } | undefined)?.capacity?.storage;
      return size === undefined ? [] : [[metadata.name, size] as const];
    }),
  );
}

const sizeOf = (text: string, sizes: ReadonlyMap<string, string>): string => {
  const size = [...sizes].find(([volume]) => text.endsWith(`on volume ${volume}`))?.[1];
  return size === undefined ? '' : ` of ${size}`;
};
