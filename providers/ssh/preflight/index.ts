import type { CallOptions, ClusterRequest, Problem } from '../../../src/provider/port.js';
import type { Inventory } from '../inventory.js';
import { judgeReach } from './reach.js';
import { roomProblems } from './room.js';

/** All that is wrong with the hosts of the file for what is asked, at once. Changes nothing. */
export async function preflight(
  inventory: Inventory,
  request: ClusterRequest,
  options: CallOptions,
): Promise<Problem[]> {
  const seen = await inventory.seen(request.cluster, options);
  const reach = judgeReach(request, seen);
  for (const note of reach.notes) inventory.site.say(note);
  return [...reach.problems, ...roomProblems(request, seen)];
}
