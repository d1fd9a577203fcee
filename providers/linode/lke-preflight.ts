import { locationProblems, typeProblems } from '../../src/provider/kit/catalog-problems.js';
import { isOurs, nameTaken } from '../../src/provider/kit/ownership.js';
import type { CallOptions, ClusterRequest, Problem } from '../../src/provider/port.js';
import { readCatalog } from './catalog.js';
import { account, type Linode, listOf, named } from './context.js';
import { lkeNameLimit } from './lke.js';
import { clusterShape, versionShape } from './lke-wire.js';
import { instanceShape } from './wire.js';

/** Ranges that the access list of a control plane takes. */
const rangesAtMost = 100;

/** What stands in the way of a cluster that LKE runs. */
export async function managedProblems(
  linode: Linode,
  request: ClusterRequest,
  options: CallOptions,
): Promise<Problem[]> {
  const [catalog, versions, clusters, instances] = await Promise.all([
    readCatalog(linode, options),
    listOf(linode, '/lke/versions', versionShape, options),
    listOf(linode, '/lke/clusters', clusterShape, options),
    listOf(linode, '/linode/instances', instanceShape, options),
  ]);
  const { cluster, managed, apiAllow } = request;
  const market = { title: 'Linode', catalog, now: linode.clock.now() };
  const existing = new Set(instances.map(({ label }) => label));
  const own = clusters.map(named).find((one) => isOurs(one, cluster.id));
  const namesake = clusters.map(named).find((one) => one.name === cluster.name && !isOurs(one, cluster.id));
  const isKnown = versions.some(({ id }) => id === managed?.version) || own?.k8s_version === managed?.version;
  const problems: (Problem | undefined)[] = [
    cluster.name.length > lkeNameLimit
      ? {
          ...{ code: 'NAME_TOO_LONG', kind: 'usage', hint: 'Shorten the name of the cluster.' },
          message: `The cluster's name has ${cluster.name.length} characters; LKE takes ${lkeNameLimit}.`,
        }
      : undefined,
    namesake && { code: 'NAME_TAKEN', kind: 'refused', ...nameTaken(account, 'LKE cluster', namesake) },
    isKnown
      ? undefined
      : {
          ...{ code: 'RELEASE_UNKNOWN', kind: 'usage', path: 'kubernetes.version' },
          message: `LKE has no Kubernetes ${managed?.version}.`,
          hint: `It has: ${versions.map(({ id }) => id).join(', ')}.`,
        },
    apiAllow.length > rangesAtMost
      ? {
          ...{ code: 'TOO_MANY_RANGES', kind: 'usage', path: 'kubernetes.api.allow' },
          message: `kubernetes.api.allow has ${apiAllow.length} ranges; LKE's access list takes ${rangesAtMost}.`,
          hint: 'Join neighbouring ranges into larger ones.',
        }
      : undefined,
  ];
  return [
    ...locationProblems(request, market),
    ...typeProblems(request, market, existing),
    ...problems.filter((one) => one !== undefined),
  ];
}
