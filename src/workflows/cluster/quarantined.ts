import { RefusedError, SlipwayError } from '../../errors/index.js';
import type { ClusterFolder, ClusterRecord } from '../../workspace/types.js';

/** What may be done to a copy that is only to be looked at: made, deleted, and finished by the drill that began it. */
const allowed: ReadonlySet<string> = new Set(['cluster restore', 'cluster delete', 'backup drill']);

/**
 * A copy of a living cluster has its certificates, its tokens, and objects that stand for the living one's volumes and balancers.
 * @throws RefusedError code QUARANTINED
 */
export function refuseQuarantined(record: Pick<ClusterRecord, 'name' | 'quarantine'> | undefined): void {
  if (!record?.quarantine) return;
  const { name, quarantine } = record;
  throw new RefusedError(`${name} is a quarantined copy of ${quarantine.of.name}: nothing is to run in it.`, {
    code: 'QUARANTINED',
    hint: `Read it (slipway cluster kubeconfig ${name}), or delete it: slipway cluster delete ${name}`,
  });
}

/** The same for an operation, whatever is wrong with the record: that is said by those who need it. */
export async function refuseInQuarantine(folder: Pick<ClusterFolder, 'record'>, operation: string): Promise<void> {
  if (allowed.has(operation)) return;
  const record = await folder.record().catch((error: unknown) => {
    if (error instanceof SlipwayError) return undefined;
    throw error;
  });
  refuseQuarantined(record);
}
