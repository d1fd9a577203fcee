import type { Clock } from '../../domain/clock.js';
import type { StepContext } from '../../engine/index.js';
import type { Voter } from '../../domain/index.js';
import type { NodeFacts, NodePatch } from '../../kube/types.js';
import type { ClusterApi } from '../../phases/context.js';
import { deadlines } from '../../phases/deadlines.js';
import type { MemberNode, Membership } from '../../phases/node-rules.js';

/**
 * k3s takes the etcd member of a node with the first of these out while its server runs, and then writes the second
 * (k3s, pkg/etcd/member_controller.go).
 */
const remove = 'etcd.k3s.cattle.io/remove';
/** Ours, written only so that the node changes. */
const asked = 'slipway.dev/leave-etcd';
const removed = 'etcd.k3s.cattle.io/removed-node-name';
/** The name of the node's member, another one each time it joins. */
const member = 'etcd.k3s.cattle.io/node-name';

/** Milliseconds until it is asked again. */
const patience = 10_000;

/** Whether a server's node votes in etcd, by the condition that k3s keeps; undefined while there is none. */
export const isVoter = ({ conditions }: Pick<NodeFacts, 'conditions'>): boolean | undefined =>
  conditions['EtcdIsVoter'];

/** Whether a node's member of etcd is gone, or it never had one that k3s told of. */
export function isOut(node: Pick<NodeFacts, 'annotations'> | undefined): boolean {
  if (!node) return true;
  const { [removed]: gone, [member]: now = gone } = node.annotations;
  return gone !== undefined && gone === now;
}

/**
 * The voting members of etcd, by what their nodes say: one that is down counts for as long as it is a member; a learner, and
 * one that was taken out while its node stays, do not.
 */
export const votersAmong = (nodes: Iterable<MemberNode>): readonly Voter[] =>
  [...nodes]
    .filter((node) => node.controlPlane && isVoter(node) === true && !isOut(node))
    .map(({ name, ready }) => ({ name, voting: ready }));

/**
 * What has to be written on a server's node before it is deleted: k3s leaves the member of a node in etcd that says of
 * an earlier member that it is out, and a dead member counts against the quorum for ever.
 */
export const forgetEarlierMember = (node: NodeFacts | undefined): NodePatch | undefined =>
  node?.annotations[removed] === undefined || isOut(node)
    ? undefined
    : { annotations: { [remove]: null, [removed]: null } };

/**
 * Takes a running server out of etcd before it is stopped. Stopped first it would count as a lost member, and of two
 * members none may be lost: the one that stays could not even be told that the other has gone.
 * @throws IncompleteError code NODE_TIMEOUT
 */
export async function leaveEtcd(
  { kube, watch }: ClusterApi,
  clock: Clock,
  node: NodeFacts,
  run: StepContext,
): Promise<void> {
  if (!node.controlPlane || isOut(node)) return;
  run.progress('leaving etcd');
  const ask = (turn: number, options: { readonly signal: AbortSignal }): Promise<void> =>
    kube.patchNode(node.name, { annotations: { [remove]: 'true', [asked]: String(turn) } }, options);
  await ask(1, run);
  const out = new AbortController();
  const insisting = insist(ask, clock, AbortSignal.any([run.signal, out.signal]));
  try {
    await watch.until(node.name, 'to leave etcd', isOut, {
      ...run,
      deadlineMs: deadlines.nodeGone,
      hint: `See what k3s says: slipway cluster ssh, then journalctl -u k3s | grep etcd`,
    });
  } finally {
    out.abort();
    await insisting;
  }
}

/**
 * etcd lets nobody go while its members have only just found each other again, as they have when one left a moment ago;
 * k3s then waits twice as long each time before it tries again, unless the node changes.
 */
async function insist(
  ask: (turn: number, options: { readonly signal: AbortSignal }) => Promise<void>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (let turn = 2; !signal.aborted; turn++) {
    // What goes wrong here is seen by the wait itself.
    await clock.sleep(patience, signal).catch(() => undefined);
    if (!signal.aborted) await ask(turn, { signal }).catch(() => undefined);
  }
}

/** Servers of k3s are members of the etcd that they run themselves. */
export const etcd: Membership = {
  isVoter,
  voters: votersAmong,
  leave: leaveEtcd,
  beforeDeletion: forgetEarlierMember,
};
