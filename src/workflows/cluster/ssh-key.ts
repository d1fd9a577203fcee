import type { Machine } from '../../domain/index.js';
import type { RefusedError } from '../../errors/index.js';
import { isSameKey, keyChanged, keyedMachines, keyLost, type KeyPlace } from '../../phases/lost-key.js';
import type { InfrastructureResource, MachineProvider } from '../../provider/port.js';
import type { ClusterFolder, ClusterRecord, KeyPair } from '../../workspace/types.js';

/**
 * The cluster's key pair, made only where no machine accepts an earlier one.
 * @throws RefusedError code SSH_KEY_LOST
 */
export async function clusterKey(
  folder: ClusterFolder,
  provider: MachineProvider,
  stored: ClusterRecord | undefined,
  signal: AbortSignal,
): Promise<KeyPair> {
  const key = await folder.storedIdentity();
  if (key) return key;
  const machines = stored ? keyedMachines(await provider.machines.list(stored, { signal })) : [];
  if (stored && machines.length > 0) throw keyLost(placeOf(folder), machines);
  return folder.identity();
}

/**
 * Why this key is not the one to go on with, undefined when it is. A record of before the key was kept says nothing, so
 * that the provider's word counts.
 * @param key undefined where the workspace has none
 */
export function keyProblem(
  folder: ClusterFolder,
  record: ClusterRecord,
  key: string | undefined,
  {
    machines,
    resources,
  }: { readonly machines: readonly Machine[]; readonly resources: readonly InfrastructureResource[] },
): RefusedError | undefined {
  const keyed = keyedMachines(machines);
  if (keyed.length === 0) return undefined;
  if (key === undefined) return keyLost(placeOf(folder), keyed);
  const same =
    record.sshPublicKey === undefined
      ? resources.find(({ role }) => role?.kind === 'cluster-key')?.state !== 'differs'
      : isSameKey(record.sshPublicKey, key);
  return same ? undefined : keyChanged(placeOf(folder), keyed);
}

/** What the record keeps: the key the machines know, or, while there are none, the one that they will be made with. */
export const keyToRecord = (record: ClusterRecord, key: string, machines: readonly Machine[]): string =>
  record.sshPublicKey !== undefined && keyedMachines(machines).length > 0 ? record.sshPublicKey : key;

const placeOf = (folder: ClusterFolder): KeyPlace => ({ cluster: folder.name, path: folder.identityPath });
