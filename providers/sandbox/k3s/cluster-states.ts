import type { Machine } from '../hosts/machine.js';
import { installedVersion } from '../hosts/tasks/common.js';
import type { Obj } from '../kube-api/index.js';
import type { Random } from '../random.js';
import { makeCa } from './certificates.js';
import type { Cluster, ClusterSnapshot, Member } from './cluster.js';
import { type K3sConfig, password } from './config.js';
import type { K3sContext } from './context.js';
import { etcdRefusal } from './etcd-versions.js';
import type { Process } from './process.js';
import { readSnapshotFile, snapshotFile } from './snapshot-file.js';

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

/**
 * A cluster of one member with the data of a snapshot: what a reset makes of it. @throws Error in the words of k3s and etcd
 */
export function restoredState(
  snapshot: Buffer,
  config: Pick<K3sConfig, 'token' | 'nodeName' | 'idle'>,
  machine: Machine,
  random: Random,
): ClusterSnapshot {
  const { objects, revision, ...then } = readSnapshotFile(snapshot, password(config.token));
  const version = installedVersion(machine);
  const refused = then.etcdVersion === undefined ? undefined : etcdRefusal(version, then.etcdVersion);
  if (refused !== undefined) throw new Error(refused);
  const name = `${config.nodeName}-${random.bytes(4).toString('hex')}`;
  return {
    ...then,
    id: random.bytes(8).toString('hex'),
    idle: config.idle,
    members: [{ machine: machine.id, node: config.nodeName, name, voter: true }],
    kubernetes: { kubernetesVersion: then.version, version: revision, objects: [...objects] },
  };
}

/** A cluster that its first server makes: its authority, its tokens, and that server as the only member. */
export async function freshState(
  { machine, config }: Pick<Process, 'machine' | 'config'>,
  member: Omit<Member, 'voter'>,
  { clock, random }: Pick<K3sContext, 'clock' | 'random'>,
): Promise<ClusterSnapshot> {
  const id = random.bytes(8).toString('hex');
  const ca = await makeCa(`k3s-server-ca@${Math.floor(clock.now() / 1000)}`, clock.now());
  return {
    id,
    ca,
    serverToken: password(config.token) || random.bytes(16).toString('hex'),
    agentToken: password(config.agentToken ?? config.token),
    critical: config.critical,
    disabled: config.disabled,
    version: installedVersion(machine),
    members: [{ ...member, voter: true }],
  };
}
