import { type DrainBudget, type DrainPod, type DrainView, leavesOnDrain } from '../domain/index.js';
import type { KubeClient } from './client.js';
import { listAll } from './paging.js';
import type { WireBudget, WireClaim, WirePod, WireVolume } from './wire.js';

/** What runs on these nodes, and what holds it there. */
export async function readDrainView(
  client: KubeClient,
  nodes: readonly string[],
  signal: AbortSignal,
): Promise<DrainView> {
  // One node is asked for by name; for more, one list of all is fewer calls.
  const query = nodes.length === 1 ? { fieldSelector: `spec.nodeName=${nodes[0]!}` } : {};
  const [listed, budgets] = await Promise.all([
    listAll<WirePod>(client, '/api/v1/pods', signal, query),
    listAll<WireBudget>(client, '/apis/policy/v1/poddisruptionbudgets', signal),
  ]);
  const pods = listed.items.map(drainPod).filter(({ node }) => nodes.includes(node));
  const view = { pods, budgets: budgets.items.map(drainBudget) };
  if (!pods.some((pod) => leavesOnDrain(pod) && pod.claims.length > 0)) {
    return { ...view, volumeOf: new Map(), localVolumes: new Set() };
  }
  const [claims, volumes] = await Promise.all([
    listAll<WireClaim>(client, '/api/v1/persistentvolumeclaims', signal),
    listAll<WireVolume>(client, '/api/v1/persistentvolumes', signal),
  ]);
  return {
    ...view,
    volumeOf: new Map(
      claims.items.flatMap(({ metadata, spec }) =>
        spec?.volumeName === undefined
          ? []
          : [[`${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`, spec.volumeName] as const],
      ),
    ),
    localVolumes: new Set(
      volumes.items.filter(({ spec }) => spec?.local ?? spec?.hostPath).flatMap(({ metadata }) => metadata?.name ?? []),
    ),
  };
}

export function drainPod({ metadata = {}, spec, status }: WirePod): DrainPod {
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    node: spec?.nodeName ?? '',
    labels: metadata.labels ?? {},
    controller: metadata.ownerReferences?.find((owner) => owner.controller === true)?.kind,
    phase: status?.phase ?? '',
    ready: status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    ending: metadata.deletionTimestamp !== undefined,
    mirror: 'kubernetes.io/config.mirror' in (metadata.annotations ?? {}),
    claims: (spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => (claim ? [claim.claimName] : [])),
  };
}

function drainBudget({ metadata = {}, spec, status }: WireBudget): DrainBudget {
  const { desiredHealthy: desired, expectedPods: expected, disruptionsAllowed, observedGeneration } = status ?? {};
  // Counts of another generation were made for another rule.
  const current =
    observedGeneration === undefined || observedGeneration === (metadata.generation ?? observedGeneration);
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    selector: spec?.selector,
    counted: current && desired !== undefined && expected !== undefined ? { desired, expected } : undefined,
    allowed: current ? disruptionsAllowed : undefined,
    unreadyMayGo: spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow',
  };
}
