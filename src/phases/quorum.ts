import { quorumLoss, type Voter } from '../domain/index.js';
import { RefusedError } from '../errors/index.js';
import type { NodeFacts } from '../kube/types.js';
import { isOut, isVoter } from './leave-etcd.js';

type Server = Pick<NodeFacts, 'name' | 'controlPlane' | 'ready' | 'conditions' | 'annotations'>;

/**
 * The voting members of etcd, by what their nodes say: one that is down counts for as long as it is a member; a learner, and
 * one that was taken out while its node stays, do not.
 */
export const votersAmong = (nodes: Iterable<Server>): readonly Voter[] =>
  [...nodes]
    .filter((node) => node.controlPlane && isVoter(node) === true && !isOut(node))
    .map(({ name, ready }) => ({ name, voting: ready }));

/**
 * Before a server is taken out of etcd, for good.
 * @throws RefusedError code QUORUM when too few of the others vote.
 */
export function refuseQuorumLoss(leaving: string, nodes: readonly Server[], cluster: string): void {
  const loss = quorumLoss(leaving, votersAmong(nodes));
  if (loss === undefined) return;
  throw new RefusedError(loss, {
    code: 'QUORUM',
    hint: `Bring the other servers back first: slipway cluster status ${cluster}`,
  });
}
