import { IncompleteError } from '../../errors/index.js';
import type { ClusterApi } from '../../phases/context.js';
import { reach } from '../../phases/reach.js';
import type { BackupManifest, BackupSets } from '../../workspace/backups/types.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';
import { knownCluster } from '../cluster/known-cluster.js';
import { refuseQuarantined } from '../cluster/quarantined.js';
import type { WorkflowContext } from '../context.js';
import { type BackupOf, chosenId, openSets } from './sets.js';

/** What is brought back into a cluster that runs, a part of a backup. */
export interface PartOf extends BackupOf {
  /** Default: the newest. */
  readonly id: string | undefined;
  readonly dryRun: boolean;
}

export interface RestoredFrom {
  readonly folder: ClusterFolder;
  readonly record: ClusterRecord;
  readonly sets: BackupSets;
  readonly manifest: BackupManifest;
}

/** The backup that a part is taken of. @throws UsageError code NO_BACKUP; RefusedError codes BACKUP_BAD, QUARANTINED */
export async function restoredFrom(context: WorkflowContext, input: PartOf): Promise<RestoredFrom> {
  const { folder, record } = await knownCluster(context.workspace, input.cluster);
  refuseQuarantined(record);
  const sets = await openSets(context, input);
  const manifest = await sets.manifest(input.cluster, await chosenId(context, sets, input.cluster, input.id));
  return { folder, record, sets, manifest };
}

/** The API of the cluster that a part is brought back into. @throws IncompleteError code KUBE_UNREACHABLE */
export async function restoredInto(context: WorkflowContext, { folder, record }: RestoredFrom): Promise<ClusterApi> {
  const kubeconfig = await folder.kubeconfig();
  const api = kubeconfig && (await reach(context, kubeconfig))?.api;
  if (api) return api;
  throw new IncompleteError(`The Kubernetes API of ${record.name} does not answer.`, {
    code: 'KUBE_UNREACHABLE',
    hint: `See how it is: slipway cluster status ${record.name}`,
  });
}
