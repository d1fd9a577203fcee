import type { Change } from '../store.js';
import type { ClusterState } from './cluster.js';

const namespace = 'kube-node-lease';
const leaseSeconds = 40;

/** Nothing but a sign of life, of which there are many. */
export const isRenewal = ({ type, resource, object }: Change): boolean =>
  type === 'MODIFIED' && resource.plural === 'leases' && object.metadata.namespace === namespace;

/** The kubelet of a node says that it lives. Its Lease belongs to the node, and goes with it. */
export function renewLease(cluster: ClusterState, nodeName: string): void {
  const { store, clock } = cluster;
  const node = store.look(cluster.kind('v1', 'Node'), '', nodeName);
  const home = store.look(cluster.kind('v1', 'Namespace'), '', namespace);
  if (!node || !home || home.metadata.deletionTimestamp) return;
  const leases = cluster.kind('coordination.k8s.io/v1', 'Lease');
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node.metadata.uid! }];
  const spec = {
    holderIdentity: nodeName,
    leaseDurationSeconds: leaseSeconds,
    renewTime: microTime(clock.now()),
  };
  if (store.look(leases, namespace, nodeName)) {
    store.change(leases, namespace, nodeName, (lease) => {
      lease.metadata.ownerReferences = ownerReferences;
      lease.spec = { ...lease.spec, ...spec };
    });
    return;
  }
  const metadata = { name: nodeName, namespace, ownerReferences };
  store.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
}

const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');
