import { etcdHealth } from '../domain/index.js';
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
  const others = nodes.filter((found) => found.controlPlane && found.name !== leaving);
  const voting = others.filter((found) => found.ready && found.etcdVoter === true).length;
  const health = etcdHealth(others.length, voting);
  if (others.length > 0 && health.spare >= 0) return;
  throw new RefusedError(
    `Taking away ${leaving} would leave ${voting} of ${others.length} servers voting, fewer than the ${health.needed} that etcd needs.`,
    { code: 'QUORUM', hint: `Bring the other servers back first: slipway cluster status ${cluster}` },
  );
}
