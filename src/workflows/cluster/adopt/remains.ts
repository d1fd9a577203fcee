import { SlipwayError } from '../../../errors/index.js';
import type { Secret } from '../../../domain/index.js';
import type { ClusterFolder, ClusterRecord, KeyPair } from '../../../workspace/types.js';

/** What of a cluster is left in the workspace, and what of it cannot be read. */
export interface Remains {
  readonly record: ClusterRecord | undefined;
  readonly identity: KeyPair | undefined;
  readonly kubeconfig: Secret | undefined;
  /** What is wrong with parts that are there, a line each. */
  readonly damages: readonly string[];
}

/** Reads whatever can be read; a newer Slipway's record is no damage. @throws UsageError code RECORD_TOO_NEW */
export async function remainsOf(folder: ClusterFolder): Promise<Remains> {
  const damages: string[] = [];
  const record = await part(() => folder.record(), damages);
  const identity = await part(() => folder.storedIdentity(), damages);
  return { record, identity, kubeconfig: await folder.kubeconfig(), damages };
}

/** Host keys of a machine that can be read; none where the file is damaged. */
export const pinsLeft = async (folder: ClusterFolder, machine: string): Promise<readonly string[]> =>
  (await part(() => folder.pins(machine), [])) ?? [];

async function part<T>(read: () => Promise<T>, damages: string[]): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'WORKSPACE_CORRUPT') throw error;
    damages.push(error.message);
    return undefined;
  }
}
