import { isS3 } from '../paths.js';
import type { OpenS3Options } from '../s3/open-s3.js';
import { openBackupPlace } from './place.js';
import { StoredBackups } from './sets.js';
import type { BackupSets } from './types.js';

/**
 * The backups at a place; `to` names one that is not the workspace itself.
 * @returns undefined where there is none and none is to be made
 */
export async function openBackups(
  workspace: string,
  to: string | undefined,
  options: OpenS3Options,
  mode: 'make' | 'look',
): Promise<BackupSets | undefined> {
  const place = await openBackupPlace(to ?? workspace, to === undefined && isS3(workspace), options, mode);
  return place && new StoredBackups(place);
}
