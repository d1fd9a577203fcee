import { quorumLoss } from '../domain/index.js';
import { RefusedError } from '../errors/index.js';
import type { MemberNode, Membership } from './node-rules.js';

/**
 * Before a server is taken away for good.
 * @throws RefusedError code QUORUM when too few of the others vote.
 */
export function refuseQuorumLoss(
  membership: Pick<Membership, 'voters'>,
  leaving: string,
  nodes: readonly MemberNode[],
  cluster: string,
): void {
  const loss = quorumLoss(leaving, membership.voters(nodes));
  if (loss === undefined) return;
  throw new RefusedError(loss, {
    code: 'QUORUM',
    hint: `Bring the other servers back first: slipway cluster status ${cluster}`,
  });
}
