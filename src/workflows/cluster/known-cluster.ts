import { distance } from 'fastest-levenshtein';

import { UsageError } from '../../errors/index.js';
import type { ClusterFolder, ClusterRecord, Workspace } from '../../workspace/types.js';

/** @throws UsageError code UNKNOWN_CLUSTER, with the nearest name or the list of known ones. */
export async function knownCluster(
  workspace: Workspace,
  name: string,
): Promise<{ folder: ClusterFolder; record: ClusterRecord }> {
  const folder = workspace.cluster(name);
  const record = await folder.record();
  if (record) return { folder, record };
  throw await unknownCluster(workspace, name);
}

/** As `knownCluster`, for what needs nothing that is on record: the record is only looked at. */
export async function knownFolder(workspace: Workspace, name: string): Promise<ClusterFolder> {
  const folder = workspace.cluster(name);
  if (await folder.summary()) return folder;
  throw await unknownCluster(workspace, name);
}

async function unknownCluster(workspace: Workspace, name: string): Promise<UsageError> {
  const names = await workspace.clusterNames();
  const near = names.find((candidate) => distance(candidate, name) <= 2);
  return new UsageError(`There is no cluster called ${name} in this workspace.`, {
    code: 'UNKNOWN_CLUSTER',
    hint:
      near !== undefined
        ? `Did you mean ${near}?`
        : names.length > 0
          ? `Known here: ${names.join(', ')}.`
          : `Create it: slipway cluster create ${name}. If it runs already, take it on: slipway cluster adopt ${name}`,
  });
}
