import type { Tools } from '../../phases/context.js';
import type { Findings, ObserveRequest } from '../port.js';
import { bundleNeeds } from './bundle-needs.js';
import type { K3sFacts } from './context.js';
import { refuseLostControlPlane } from './lost-control-plane.js';
import { outdatedAfter } from './outdated-after.js';
import { plan } from './plan.js';
import { refuseRestore } from './refuse-restore.js';

/** What was found, with what k3s makes of it: all that needs more of the facts than every distribution has. */
export function findingsOf(
  tools: Tools,
  { cluster, spec, userData }: Pick<ObserveRequest, 'cluster' | 'spec' | 'userData'>,
  { request, facts }: Pick<Findings, 'request'> & { readonly facts: K3sFacts },
): Findings {
  return {
    request,
    facts,
    refuseLostControlPlane: () => refuseLostControlPlane(cluster.name, facts),
    refuseRestore: (begun, signal) => refuseRestore(tools, cluster.name, facts, begun, signal),
    bundleNeeds: (signal) => bundleNeeds(tools.provider, facts, signal),
    plan: ({ resources = facts.resources, lose, held, lost, restore, userData: make }) =>
      plan({ cluster, spec, request, facts: { ...facts, resources }, tools, lose, held, lost, restore }, make),
    outdatedAfter: (machines) => outdatedAfter(tools.provider, { spec, userData }, facts, machines),
  };
}
