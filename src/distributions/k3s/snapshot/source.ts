import type { Machine } from '../../../domain/index.js';
import { RefusedError } from '../../../errors/index.js';
import type { ClusterFacts } from '../../../phases/context.js';
import { isUpNode } from '../../../phases/is-up.js';
import { k3sRules } from '../rules.js';

/** A server that a snapshot of etcd can be taken on. @throws RefusedError code NODES_DOWN */
export function snapshotSource(
  cluster: string,
  { machines, nodes }: Pick<ClusterFacts, 'machines' | 'nodes'>,
): Machine {
  const server = machines.find(
    ({ name, role }) => role === 'control-plane' && isUpNode(role, nodes?.get(name), k3sRules),
  );
  if (server) return server;
  throw new RefusedError(`No server of ${cluster} is Ready and votes.`, {
    code: 'NODES_DOWN',
    hint: `Bring one back first: slipway cluster status ${cluster}`,
  });
}
