import { type DrillBefore, type DrillSample, isDrillOver } from '../../domain/index.js';
import type { Kube, KubeObject, KubeOptions, NodeFacts } from '../../kube/types.js';
import { outOfService } from '../../phases/out-of-service.js';
import { answersWell } from '../../phases/probe-address.js';
import type { WorkflowContext } from '../context.js';

const everyMs = 1_000;

/** What is looked at each second. */
export interface Watched {
  readonly before: DrillBefore;
  readonly url: URL | undefined;
  /** Throws where the API does not answer, which what was lost may be the reason for. */
  readonly look: (options: KubeOptions) => Promise<NonNullable<DrillSample['cluster']>>;
}

/** Looks each second until all has come back, or for as long as it is given. */
export async function measureDrill(
  { clock }: Pick<WorkflowContext, 'clock'>,
  { before, url, look }: Watched,
  {
    since,
    deadlineMs,
    signal,
    tell,
  }: {
    readonly since: number;
    readonly deadlineMs: number;
    readonly signal: AbortSignal;
    /** Called after each look; `end`: there is nothing to wait for any more. */
    readonly tell?: ((samples: readonly DrillSample[]) => 'end' | undefined) | undefined;
  },
): Promise<readonly DrillSample[]> {
  const samples: DrillSample[] = [];
  for (;;) {
    const begun = clock.monotonic();
    const [cluster, answered] = await Promise.all([
      look({ signal }).catch(() => undefined),
      url && answersWell(url, everyMs, { signal }),
    ]);
    signal.throwIfAborted();
    samples.push({ atMs: begun - since, cluster, answered });
    if (isDrillOver(samples, before) || begun - since >= deadlineMs || tell?.(samples) === 'end') return samples;
    await clock.sleep(Math.max(0, everyMs - (clock.monotonic() - begun)), signal);
  }
}

/** A node, and who ran on it. */
export interface DrillSubject {
  readonly kube: Kube;
  readonly node: Pick<NodeFacts, 'name' | 'createdAt'>;
  /** Whether another node can do what it did. */
  readonly isLike: (node: NodeFacts) => boolean;
  readonly before: DrillBefore;
  /** How many Ready pods each owner had that had some on the node, by `ownerOf`. */
  readonly owners: ReadonlyMap<string, number>;
}

export async function lookAtNode(
  { kube, node, isLike, owners }: DrillSubject,
  options: KubeOptions,
): Promise<NonNullable<DrillSample['cluster']>> {
  const [nodes, attachments, pods] = await Promise.all([
    kube.nodes(options),
    kube.list('storage.k8s.io/v1', 'VolumeAttachment', {}, options),
    kube.list('v1', 'Pod', {}, options),
  ]);
  const isLost = (one: NodeFacts): boolean => one.name === node.name && one.createdAt === node.createdAt;
  const lost = nodes.find(isLost);
  const ready = readyByOwner(pods.filter((pod) => !lost || nodeOf(pod) !== node.name));
  return {
    noticed: !lost?.ready || lost.taints.some(({ key }) => key === outOfService.key),
    attached: attachmentsOf(attachments, node.name).length,
    podsMissing: [...owners].reduce((sum, [owner, count]) => sum + Math.max(0, count - (ready.get(owner) ?? 0)), 0),
    readyNodes: nodes.filter((one) => one.ready && isLike(one) && !isLost(one)).length,
  };
}

/** Ready pods by their owner; those without one, and those of DaemonSets, are no measure of what moved. */
export function readyByOwner(pods: readonly KubeObject[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    const owner = ownerOf(pod);
    if (owner !== undefined && isReady(pod)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return counts;
}

export const nodeOf = ({ spec }: KubeObject): string | undefined =>
  (spec as { nodeName?: string } | undefined)?.nodeName;

export const attachmentsOf = (all: readonly KubeObject[], node: string): readonly KubeObject[] =>
  all.filter((one) => nodeOf(one) === node);

function ownerOf({ metadata }: KubeObject): string | undefined {
  const owners = (metadata['ownerReferences'] ?? []) as readonly {
    readonly kind: string;
    readonly name: string;
    readonly controller?: boolean;
  }[];
  const owner = owners.find(({ controller }) => controller);
  if (!owner || owner.kind === 'DaemonSet' || owner.kind === 'Node' || owner.kind === 'Job') return undefined;
  return `${metadata.namespace}/${owner.kind}/${owner.name}`;
}

export function isReady({ status, metadata }: KubeObject): boolean {
  const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly { type: string; status: string }[] };
  return (
    metadata['deletionTimestamp'] === undefined &&
    conditions.some(({ type, status: holds }) => type === 'Ready' && holds === 'True')
  );
}
