import type { StepContext } from '../engine/index.js';
import type { NodeFacts } from '../kube/types.js';
import type { ClusterApi } from './context.js';
import { deadlines } from './deadlines.js';

/**
 * k3s takes the etcd member of a node with the first of these out while its server runs, and then writes the second
 * (k3s, pkg/etcd/member_controller.go).
 */
const remove = 'etcd.k3s.cattle.io/remove';
const removed = 'etcd.k3s.cattle.io/removed-node-name';

const isOut = (node: NodeFacts | undefined): boolean => node === undefined || node.annotations[removed] !== undefined;

/**
 * Takes a running server out of etcd before it is stopped. Stopped first it would count as a lost member, and of two
 * members none may be lost: the one that stays could not even be told that the other has gone.
 * @throws IncompleteError code NODE_TIMEOUT
 */
export async function leaveEtcd({ kube, watch }: ClusterApi, node: NodeFacts, run: StepContext): Promise<void> {
  if (!node.controlPlane || isOut(node)) return;
  run.progress('leaving etcd');
  await kube.patchNode(node.name, { annotations: { [remove]: 'true' } }, run);
  await watch.until(node.name, 'to leave etcd', isOut, {
    ...run,
    deadlineMs: deadlines.nodeGone,
    hint: `See what k3s says: slipway cluster ssh, then journalctl -u k3s | grep etcd`,
  });
}
