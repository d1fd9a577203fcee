import { RefusedError } from '../errors/index.js';
import type { ClusterFacts } from '../phases/context.js';

/**
 * A cluster that ran once and has no server left: servers made anew would be another, empty cluster, under which the
 * workers and volumes of the old one would be lost.
 * @throws RefusedError code CONTROL_PLANE_LOST
 */
export function refuseLostControlPlane(cluster: string, { kubeconfig, comparison, api }: ClusterFacts): void {
  const servers = comparison.wanted.filter(({ role }) => role === 'control-plane');
  const left = [...comparison.kept, ...comparison.surplus].some(({ role }) => role === 'control-plane');
  if (kubeconfig === undefined || api !== undefined || left || servers.length === 0) return;
  throw new RefusedError(
    `${cluster} has run, and none of its servers is left. New ones would start another, empty cluster in its place.`,
    {
      code: 'CONTROL_PLANE_LOST',
      hint: `Bring a server back at the provider if its disk still exists. To give the cluster up: slipway cluster delete ${cluster}`,
    },
  );
}
