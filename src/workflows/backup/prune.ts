import { plural } from '../../domain/index.js';
import type { WorkflowContext } from '../context.js';
import { prunable } from './create.js';
import { type BackupOf, openSets } from './sets.js';

export interface PruneResult {
  readonly cluster: string;
  readonly where: string;
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

/** Removes backups that the file does not ask to keep, and what killed runs left of others. */
export async function pruneBackups(context: WorkflowContext, of: BackupOf, dryRun: boolean): Promise<PruneResult> {
  const { cluster, spec } = of;
  const sets = await openSets(context, of);
  const going = await prunable(context, sets, cluster, { backup: spec?.backup });
  const kept = (await sets.list(cluster)).ids.filter((id) => !going.includes(id));
  if (going.length > 0 && !dryRun) {
    await context.reporter.confirm({
      question: `Remove ${plural(going.length, 'backup')} of ${cluster} from ${sets.where}?`,
      details: [...going],
      flags: '--yes',
    });
    for (const id of going) await sets.remove(cluster, id);
  }
  return { cluster, where: sets.where, removed: going, kept };
}
