import { RefusedError } from '../../errors/index.js';
import type { K3sFacts } from './context.js';
import { leavingHost, mayHoldData } from './bootstrap-server.js';

/**
 * Servers made anew where no server that stays has, or may have, the cluster's data would be another, empty cluster, under
 * which the workers and volumes of the old one would be lost. One that is to go lends its own only while it serves the API:
 * then newcomers join by it before it leaves.
 * @throws RefusedError code CONTROL_PLANE_LOST
 */
export function refuseLostControlPlane(cluster: string, facts: K3sFacts): void {
  const { kubeconfig, comparison, api } = facts;
  const servers = comparison.desired.filter(({ role }) => role === 'control-plane');
  if (servers.length === 0 || servers.some(({ name }) => mayHoldData(name, facts)) || leavingHost(facts)) return;
  const leaving = comparison.excess.filter(({ role, name }) => role === 'control-plane' && mayHoldData(name, facts));
  if (leaving.length === 0 && kubeconfig === undefined) return;
  const names = leaving.map(({ name }) => name).join(', ');
  const giveUp = `To give the cluster up: slipway cluster delete ${cluster}`;
  if (leaving.length === 0)
    throw lost(
      `${cluster} has run, and none of its servers is left with its data. New ones would start another, empty cluster in its place.`,
      `Bring a server back if its disk still exists, or make the cluster anew from a backup: slipway cluster restore ${cluster}. ${giveUp}`,
    );
  throw lost(
    `${api ? `Of the servers of ${cluster}` : `The API of ${cluster} does not answer, and of its servers`} only ${names}, which is to go, may hold its data. Others would start another, empty cluster in its place.`,
    api
      ? `Ask for as many servers as before first (controlPlane.count), so that what is missing joins ${names}; then for fewer.`
      : `Keep ${names} in the file until the API answers, and replace it then. ${giveUp}`,
  );
}

const lost = (message: string, hint: string): RefusedError =>
  new RefusedError(message, { code: 'CONTROL_PLANE_LOST', hint });
