import {
  imageProblems,
  locationProblems,
  type Market,
  typeProblems,
} from '../../../src/provider/kit/catalog-problems.js';
import type { CallOptions, ClusterRequest, Problem } from '../../../src/provider/port.js';
import { architectureOf, toLocation, machineType } from '../catalog.js';
import type { Hetzner } from '../context.js';
import { checkToken, readFacts, type Facts } from './facts.js';
import { nameProblems } from './names.js';
import { networkProblems } from './network.js';

/** Everything that is wrong with a request, given what exists. */
export function judge(request: ClusterRequest, facts: Facts): Problem[] {
  const { now, locations, types, servers } = facts;
  const catalog = { locations: locations.map(toLocation), machineTypes: types.map((type) => machineType(type, now)) };
  const market: Market = { title: 'Hetzner', catalog, now };
  const existing = new Set(servers.map(({ name }) => name));
  const images = facts.images.map(({ id, name, architecture, status, diskGB }) => ({
    id: String(id),
    name: name ?? undefined,
    architecture: architectureOf({ architecture }),
    available: status === 'available',
    diskGB,
  }));
  return [
    ...locationProblems(request, market),
    ...typeProblems(request, market, existing),
    ...imageProblems(request, market, images, existing),
    ...nameProblems(request, facts),
    ...networkProblems(request, facts),
  ];
}

/** All problems at once; with a token that does not work there is nothing else to see. */
export async function preflight(hetzner: Hetzner, request: ClusterRequest, options: CallOptions): Promise<Problem[]> {
  const token = await checkToken(hetzner, options);
  if (token?.code === 'TOKEN_REJECTED') return [token];
  const problems = judge(request, await readFacts(hetzner, request, options));
  return token ? [token, ...problems] : problems;
}
