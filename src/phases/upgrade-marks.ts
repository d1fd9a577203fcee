import { cordonedAnnotation, quarantineLabel } from '../domain/index.js';
import type { StepContext } from '../engine/index.js';
import type { NodeFacts, NodePatch, NodeTaint } from '../kube/types.js';
import type { ClusterApi } from './context.js';

/** On a node that is being changed to another release: the release that it had. */
export const upgradingAnnotation = 'slipway.dev/upgrading-from';

/** On nodes whose turn comes later: pods that are evicted elsewhere go to others, as long as there are any. */
const later: NodeTaint = { key: 'slipway.dev/old-release', effect: 'PreferNoSchedule' };

type Marked = Pick<NodeFacts, 'annotations' | 'taints'>;

const isLater = ({ key, effect }: NodeTaint): boolean => key === later.key && effect === later.effect;

/** What an upgrade that was stopped left at a node; undefined: nothing. */
export function leftAtNode({ annotations, taints }: Marked): NodePatch | undefined {
  const isCordoned = annotations[cordonedAnnotation] !== undefined;
  const isMarked = annotations[upgradingAnnotation] !== undefined;
  const isTainted = taints.some(isLater);
  if (!isMarked && !isTainted) return undefined;
  return {
    ...(isTainted ? { taints: taints.filter((taint) => !isLater(taint)) } : {}),
    ...(isCordoned ? { unschedulable: false } : {}),
    annotations: { [upgradingAnnotation]: null, ...(isCordoned ? { [cordonedAnnotation]: null } : {}) },
  };
}

/** Lets pods onto a node again, as they were before the upgrade came to it. */
export async function releaseNode({ kube }: ClusterApi, name: string, run: Pick<StepContext, 'signal'>): Promise<void> {
  const node = (await kube.nodes(run)).find((one) => one.name === name);
  const patch = node && leftAtNode(node);
  if (patch) await kube.patchNode(name, patch, run);
}

/** Sets a node aside that cannot be emptied: it takes no more pods, and another machine gets its place. */
export async function quarantine({ kube }: ClusterApi, name: string, run: Pick<StepContext, 'signal'>): Promise<void> {
  const node = (await kube.nodes(run)).find((one) => one.name === name);
  if (!node) return;
  await kube.patchNode(
    name,
    {
      labels: { [quarantineLabel]: node.version.replaceAll('+', '-') },
      unschedulable: true,
      taints: node.taints.filter((taint) => !isLater(taint)),
      annotations: { [upgradingAnnotation]: null, [cordonedAnnotation]: null },
    },
    run,
  );
}

export async function markLater({ kube }: ClusterApi, name: string, run: Pick<StepContext, 'signal'>): Promise<void> {
  const node = (await kube.nodes(run)).find((one) => one.name === name);
  if (node && !node.taints.some(isLater)) await kube.patchNode(name, { taints: [...node.taints, later] }, run);
}
