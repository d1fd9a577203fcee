import { quorumLoss } from '../domain/index.js';
import { RefusedError } from '../errors/index.js';
import type { NodeFacts } from '../kube/types.js';

/**
 * Before a server is taken out of etcd, for good.
 * @throws RefusedError code QUORUM when too few of the others vote.
 */
export function refuseQuorumLoss(
  leaving: string,
  nodes: readonly Pick<NodeFacts, 'name' | 'controlPlane' | 'ready' | 'etcdVoter'>[],
  cluster: string,
): void {
  const servers = nodes
    .filter(({ controlPlane }) => controlPlane)
    .map(({ name, ready, etcdVoter }) => ({ name, voting: ready && etcdVoter === true }));
  const loss = quorumLoss(leaving, servers);
  if (loss === undefined) return;
  throw new RefusedError(loss, {
    code: 'QUORUM',
    hint: `Bring the other servers back first: slipway cluster status ${cluster}`,
  });
}
