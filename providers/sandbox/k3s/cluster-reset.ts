import type { Obj } from '../kube-api/index.js';
import type { Random } from '../random.js';
import type { Cluster } from './cluster.js';
import { snapshotFile } from './snapshot-file.js';

/** What etcd calls the places of the objects of a group; those of Kubernetes itself have no group there. */
const ownGroups = /(^|\.)k8s\.io$|^(apps|batch|policy|autoscaling|extensions)?$/;

/** A snapshot of a cluster's etcd, as a file. */
export function snapshotOf(cluster: Cluster, random: Random): Buffer {
  const { store } = cluster.kubernetes;
  const pathOf = ({ apiVersion, kind, metadata: { namespace, name } }: Obj): string => {
    const { group, plural } = store.resource(apiVersion, kind);
    return [...(ownGroups.test(group) ? [] : [group]), plural, ...(namespace ? [namespace] : []), name].join('/');
  };
  return snapshotFile(cluster.snapshot(), pathOf, random);
}
