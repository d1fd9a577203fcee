import type { CallOptions, ClusterRequest, Problem } from '../../../src/provider/port.js';
import type { Hetzner } from '../context.js';
import { checkToken, readFacts, type Facts } from './facts.js';
import { typeProblems } from './machine-types.js';
import { nameProblems } from './names.js';
import { networkProblems } from './network.js';
import { placeProblems } from './places.js';

/** Everything that is wrong with a request, given what exists. */
export function judge(request: ClusterRequest, facts: Facts): Problem[] {
  return [
    ...placeProblems(request, facts),
    ...typeProblems(request, facts),
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
