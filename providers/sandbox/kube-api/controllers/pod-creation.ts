import type { Obj } from '../objects.js';
import { refuseWithoutAccount } from '../pod-accounts.js';
import { StatusError } from '../status.js';
import type { ClusterState } from './cluster.js';
import { recordEvent } from './events.js';

/** Makes a workload's pod, or says at the workload why the API refused it. */
export function createPod(cluster: ClusterState, owner: Obj, pod: Obj): void {
  try {
    refuseWithoutAccount(cluster.store, pod, pod.metadata.namespace ?? '');
    cluster.store.create(cluster.pods, pod);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    recordEvent(cluster, owner, {
      type: 'Warning',
      reason: 'FailedCreate',
      message: `Error creating: ${error.message}`,
      component: `${owner.kind.toLowerCase()}-controller`,
    });
  }
}
