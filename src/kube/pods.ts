import type { WireClaim, WirePod, WireVolume } from './wire.js';

export const podName = (pod: WirePod): string => `${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`;

/**
 * Whether a drain has to move this pod: not those that a DaemonSet keeps on every node, that the kubelet runs from a
 * file (mirror pods), or that have ended.
 */
export function mustLeave(pod: WirePod): boolean {
  const { metadata = {}, status } = pod;
  const ended = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  const mirror = 'kubernetes.io/config.mirror' in (metadata.annotations ?? {});
  return !ended && !mirror && controllerOf(pod)?.kind !== 'DaemonSet';
}

/** Nothing would start such a pod again elsewhere. One that is already going is not kept from it. */
export function isUnmanaged(pod: WirePod): boolean {
  return controllerOf(pod) === undefined && pod.metadata?.deletionTimestamp === undefined;
}

function controllerOf(pod: WirePod): { readonly kind: string } | undefined {
  return pod.metadata?.ownerReferences?.find((owner) => owner.controller === true);
}

/** The volume claims of pods, as `namespace/name`. */
export function claimsOf(pod: WirePod): string[] {
  return (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim ? [`${pod.metadata?.namespace ?? ''}/${persistentVolumeClaim.claimName}`] : [],
  );
}

/** A line for each claim of these pods whose data lies on a node's own disk: `shop/db-0: claim data on volume pv-7`. */
export function localData(
  pods: readonly WirePod[],
  claims: readonly WireClaim[],
  volumes: readonly WireVolume[],
): string[] {
  const volumeOf = new Map(
    claims.map(({ metadata, spec }) => [`${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`, spec?.volumeName]),
  );
  const local = new Set(
    volumes.filter(({ spec }) => spec?.local ?? spec?.hostPath).map(({ metadata }) => metadata?.name),
  );
  return pods.flatMap((pod) =>
    claimsOf(pod).flatMap((claim) => {
      const volume = volumeOf.get(claim);
      return volume !== undefined && local.has(volume)
        ? [`${podName(pod)}: claim ${claim.split('/')[1] ?? ''} on volume ${volume}`]
        : [];
    }),
  );
}
