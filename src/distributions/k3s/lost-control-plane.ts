import { RefusedError } from '../../errors/index.js';
import type { K3sFacts } from './context.js';
import { mayHoldData } from './bootstrap-server.js';

/**
 * A cluster that ran once, does not answer, and has no server that stays and may still hold its data: servers made anew
 * would be another, empty cluster, under which the workers and volumes of the old one would be lost.
 * @throws RefusedError code CONTROL_PLANE_LOST
 */
export function refuseLostControlPlane(cluster: string, facts: K3sFacts): void {
  const { kubeconfig, comparison, api } = facts;
  if (kubeconfig === undefined || api !== undefined) return;
  const servers = comparison.desired.filter(({ role }) => role === 'control-plane');
  if (servers.length === 0 || servers.some(({ name }) => mayHoldData(name, facts))) return;
  const leaving = comparison.excess.filter(({ role, name }) => role === 'control-plane' && mayHoldData(name, facts));
  const names = leaving.map(({ name }) => name).join(', ');
  throw new RefusedError(
    leaving.length > 0
      ? `The API of ${cluster} does not answer, and of its servers only ${names}, which is to go, may hold its data. Others would start another, empty cluster in its place.`
      : `${cluster} has run, and none of its servers is left with its data. New ones would start another, empty cluster in its place.`,
    {
      code: 'CONTROL_PLANE_LOST',
      hint:
        leaving.length > 0
          ? `Keep ${names} in the file until the API answers, and replace it then. To give the cluster up: slipway cluster delete ${cluster}`
          : `Bring a server back if its disk still exists. To give the cluster up: slipway cluster delete ${cluster}`,
    },
  );
}
